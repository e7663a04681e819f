package import Tensors
package import Testing

extension Tensor {
  /// Numbers between −1 and 1 that follow from a seed.
  package static func random(_ shape: [Int], seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor(
      (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &generator) },
      shape: shape)
  }
}

/// Expects a backward to agree with central differences of its forward.
///
/// The derivative of `⟨y(x), dy⟩` is taken in a few random directions, where rounding of Float32 forwards
/// averages out better than entry by entry.
package func expectGradient(
  _ gradient: Tensor, of forward: @escaping (Tensor) -> Tensor, at x: Tensor, dy: Tensor,
  step: Float = 1e-2, tolerance: Double = 2e-3, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let product = { (left: Tensor, right: Tensor) in
    zip(left.values(), right.values()).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
  }
  #expect(gradient.count == x.count, "\(what)", sourceLocation: sourceLocation)
  for seed in 1...4 as ClosedRange<UInt64> {
    let direction = Tensor.random(x.shape, seed: 1000 + seed)
    let moved = { (share: Float) in
      var copy = x
      copy.add(direction, scaledBy: share * step)
      return product(forward(copy), dy)
    }
    // Two step sizes cancel the error of third order.
    let near = (moved(1) - moved(-1)) / Double(2 * step)
    let far = (moved(2) - moved(-2)) / Double(4 * step)
    let expected = (4 * near - far) / 3
    let found = product(gradient.reshaped(x.shape), direction)
    let scale = max(product(gradient, gradient).squareRoot(), 1e-6)
    #expect(
      abs(found - expected) <= tolerance * scale,
      "\(what): found \(found), by differences \(expected)", sourceLocation: sourceLocation)
  }
}
