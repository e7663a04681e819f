import Foundation

/// The soft top k of MAttr (arXiv 2609.25518): masks that sum to a random k, so that one training ranks for all sizes.
///
///     k ~ U(1, n),  or e^U(0, ln n)
///     mᵢ = σ((sᵢ − τ) / T),  τ such that Σ mᵢ = k,  T = ½
///     ∂L/∂sⱼ = (pⱼ / T) (gⱼ − Σ gᵢ pᵢ / Σ pᵢ),  p = m (1 − m),  g = ∂L/∂m
package struct SoftTopK: MaskParametrisation {
  private static let temperature = 0.5

  package let start = 0.0
  let sizes: MaskAttribution.Sizes

  package init(_ sizes: MaskAttribution.Sizes) { self.sizes = sizes }

  package func noiseCount(_ count: Int) -> Int { 1 }

  package func mask(_ numbers: [Double], noise: [Double]) -> MaskDraw {
    mask(numbers, sum: size(noise[0], of: numbers.count))
  }

  /// The size that a number between 0 and 1 stands for.
  func size(_ uniform: Double, of count: Int) -> Double {
    switch sizes {
    case .uniform: 1 + uniform * Double(count - 1)
    case .log: exp(uniform * Foundation.log(Double(count)))
    }
  }

  /// The mask whose values have a sum.
  package func mask(_ numbers: [Double], sum: Double) -> MaskDraw {
    let threshold = threshold(numbers, sum: sum)
    let values = numbers.map { sigmoid(($0 - threshold) / Self.temperature) }
    return MaskDraw(
      values: values, slopes: values.map { $0 * (1 - $0) / Self.temperature }, holdsSum: true)
  }

  /// τ, by Newton's method on the log odds of the mean mask, which are a straight line where all numbers are equal;
  /// halving an interval that holds it where that would leave it.
  package func threshold(_ numbers: [Double], sum: Double) -> Double {
    let margin = 40 * Self.temperature
    var (low, high) = ((numbers.min() ?? 0) - margin, (numbers.max() ?? 0) + margin)
    let count = Double(numbers.count)
    var threshold = (low + high) / 2
    for _ in 0..<100 {
      var (found, slope) = (0.0, 0.0)
      for number in numbers {
        let value = sigmoid((number - threshold) / Self.temperature)
        found += value
        slope += value * (1 - value)
      }
      if found > sum { low = threshold } else { high = threshold }
      guard abs(found - sum) > 1e-12 * sum else { break }
      let rise = slope / Self.temperature / (found * (1 - found / count))
      let distance = log(found / (count - found)) - log(sum / (count - sum))
      let next = threshold + distance / rise
      let inside = next > low && next < high ? next : (low + high) / 2
      guard inside != threshold else { break }
      threshold = inside
    }
    return threshold
  }

  package func presence(_ number: Double) -> (value: Double, slope: Double) {
    let chance = sigmoid(number / Self.temperature)
    return (chance, chance * (1 - chance) / Self.temperature)
  }
}
