import Foundation
package import Tensors

/// A way to draw masks between 0 and 1 from numbers that are trained.
package protocol MaskParametrisation: Sendable {
  /// Where every number starts.
  var start: Double { get }

  /// A random mask value and its derivative by the number.
  func draw(_ number: Double, using generator: inout SeededGenerator) -> (
    value: Double, slope: Double
  )

  /// The chance that a mask value is not 0, and its derivative by the number.
  func presence(_ number: Double) -> (value: Double, slope: Double)
}

/// The hard concrete distribution of subnetwork probing (arXiv 1712.01312, 2104.03514).
///
/// With u uniform in (0, 1), `s = σ((log u − log(1 − u) + θ) / β)` and `z = clamp(1.2 s − 0.1, 0, 1)`. θ
/// starts where `σ(θ) = 0.9`. The chance of `z > 0` is `σ(θ − β log(0.1 / 1.1))`.
package struct HardConcrete: MaskParametrisation {
  private static let (low, high, temperature) = (-0.1, 1.1, 2.0 / 3)

  package init() {}

  package let start = log(0.9 / 0.1)

  package func draw(
    _ number: Double, using generator: inout SeededGenerator
  ) -> (value: Double, slope: Double) {
    let uniform = Double.random(in: 1e-6..<(1 - 1e-6), using: &generator)
    let s = sigmoid((log(uniform) - log(1 - uniform) + number) / Self.temperature)
    let stretched = s * (Self.high - Self.low) + Self.low
    let isInside = stretched > 0 && stretched < 1
    let slope = (Self.high - Self.low) * s * (1 - s) / Self.temperature
    return (min(max(stretched, 0), 1), isInside ? slope : 0)
  }

  package func presence(_ number: Double) -> (value: Double, slope: Double) {
    let chance = sigmoid(number - Self.temperature * log(-Self.low / Self.high))
    return (chance, chance * (1 - chance))
  }
}

func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
