import Tensors

/// How far the likeness of prompts' masks is from that of their features.
///
/// `Σ_pq (cos(φ_p, φ_q) − cos(m_p, m_q))² / B²` over the prompts of a batch.
package enum MaskSimilarity {
  /// The cosines between vectors, `[vector, vector]`; 0 with a vector of zeros.
  package static func cosines(_ vectors: [[Double]]) -> [Double] {
    let units = units(vectors).tensor.matrix
    return Tensor.product(units, units.transposed).values().map(Double.init)
  }

  /// The cost, and its gradient by every mask.
  ///
  /// - Parameters:
  ///   - masks: For each prompt its mask.
  ///   - wanted: The cosines of features, `[prompt, prompt]`.
  /// - Returns: Both; the gradient of a vector of zeros is taken as 0.
  package static func cost(
    _ masks: [[Double]], wanted: [Double]
  ) -> (cost: Double, gradients: [[Double]]) {
    let count = masks.count
    let (units, lengths) = self.units(masks)
    let found = Tensor.product(units.matrix, units.matrix.transposed).values().map(Double.init)
    let share = 1 / Double(count * count)
    var cost = 0.0
    // ∂/∂m_p = Σ_q 4 (r_pq − w_pq) / B² · (û_q − r_pq û_p) / |m_p|: each pair comes twice.
    var factors = [Float](repeating: 0, count: count * count)
    for one in 0..<count {
      for other in 0..<count where other != one && lengths[one] > 0 && lengths[other] > 0 {
        let distance = found[one * count + other] - wanted[one * count + other]
        cost += share * distance * distance
        let slope = 4 * share * distance / lengths[one]
        factors[one * count + other] = Float(slope)
        factors[one * count + one] -= Float(slope * found[one * count + other])
      }
    }
    let gradients = Tensor.product(
      Tensor(factors, shape: [count, count]).matrix, units.matrix)
    return (cost, (0..<count).map { gradients.row($0).map(Double.init) })
  }

  /// The vectors with length 1, and how long they are.
  private static func units(_ vectors: [[Double]]) -> (tensor: Tensor, lengths: [Double]) {
    let lengths = vectors.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let units = zip(vectors, lengths).flatMap { vector, length in
      vector.map { length > 0 ? Float($0 / length) : 0 }
    }
    return (Tensor(units, shape: [vectors.count, vectors.first?.count ?? 0]), lengths)
  }
}
