import Foundation
package import Tensors

extension Similarities {
  /// The cosines of vectors of one Gaussian with the mean and the covariance of these.
  ///
  /// They say how well nothing but one crowd of vectors falls into clusters (after SigClust, Liu and others 2008).
  /// Row i is `x̄ + Σ_j z_ij (x_j − x̄) / √(n − 1)`, z drawn from the standard normal: it is A X with known A, so the
  /// cosines are those of `A G Aᵀ`.
  package func gaussianReference(using generator: inout SeededGenerator) -> Similarities {
    let share = 1 / Double(count)
    let weights = (0..<count).flatMap { _ in
      let draws = (0..<count).map { _ in generator.normal() }
      let mean = draws.reduce(0, +) * share
      let scale = 1 / Double(max(count - 1, 1)).squareRoot()
      return draws.map { share + ($0 - mean) * scale }
    }
    let mixed = product(weights, values)
    return Similarities(products: product(mixed, transposed(weights)), count: count)
  }

  private func product(_ left: [Double], _ right: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for inner in 0..<count {
        let factor = left[row * count + inner]
        for column in 0..<count {
          sums[row * count + column] += factor * right[inner * count + column]
        }
      }
    }
    return sums
  }

  private func transposed(_ values: [Double]) -> [Double] {
    (0..<count).flatMap { column in (0..<count).map { values[$0 * count + column] } }
  }
}
