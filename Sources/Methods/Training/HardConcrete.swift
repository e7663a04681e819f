import Foundation

/// The hard concrete distribution (arXiv 1712.01312) of subnetwork probing (2104.03514) and Edge Pruning (2406.16778).
///
/// With u uniform in (0, 1), `s = σ((log u − log(1 − u) + θ) / β)` and `z = clamp(1.2 s − 0.1, 0, 1)`, β = 2/3. The
/// chance of `z > 0` is `σ(θ − β log(0.1 / 1.1))`.
package struct HardConcrete: MaskParametrisation {
  private static let (low, high, temperature) = (-0.1, 1.1, 2.0 / 3)

  package let start: Double

  /// - Parameter start: Where numbers start; by default where `σ(θ) = 0.9`, as subnetwork probing does.
  package init(start: Double = log(0.9 / 0.1)) { self.start = start }

  package func mask(_ numbers: [Double], noise: [Double]) -> MaskDraw {
    var values = [Double](repeating: 0, count: numbers.count)
    var slopes = values
    for index in numbers.indices {
      let uniform = noise[index]
      let s = sigmoid((log(uniform) - log(1 - uniform) + numbers[index]) / Self.temperature)
      let stretched = s * (Self.high - Self.low) + Self.low
      values[index] = min(max(stretched, 0), 1)
      if stretched > 0 && stretched < 1 {
        slopes[index] = (Self.high - Self.low) * s * (1 - s) / Self.temperature
      }
    }
    return MaskDraw(values: values, slopes: slopes)
  }

  package func presence(_ number: Double) -> (value: Double, slope: Double) {
    let chance = sigmoid(number - Self.temperature * log(-Self.low / Self.high))
    return (chance, chance * (1 - chance))
  }

  /// `σ(0.8 θ / β)`, as Edge Pruning has it.
  package func likely(_ number: Double) -> Double { sigmoid(0.8 * number / Self.temperature) }
}
