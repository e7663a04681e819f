import Foundation

/// The Gumbel sigmoid with a straight-through gradient of DiscoGP (arXiv 2407.03779): masks of 0 and 1.
///
/// With u uniform in (0, 1), `s = σ((θ + log u − log(1 − u)) / T)`; the mask is 1 where s > ½, and its gradient is taken
/// as that of s.
package struct StraightThrough: MaskParametrisation {
  package let start: Double
  let temperature: Double

  package init(temperature: Double, start: Double = 1) {
    self.temperature = temperature
    self.start = start
  }

  package func mask(_ numbers: [Double], noise: [Double]) -> MaskDraw {
    var values = [Double](repeating: 0, count: numbers.count)
    var slopes = values
    for index in numbers.indices {
      let uniform = noise[index]
      let s = sigmoid((numbers[index] + log(uniform) - log(1 - uniform)) / temperature)
      values[index] = s > 0.5 ? 1 : 0
      slopes[index] = s * (1 - s) / temperature
    }
    return MaskDraw(values: values, slopes: slopes)
  }

  package func presence(_ number: Double) -> (value: Double, slope: Double) {
    let chance = sigmoid(number)
    return (chance, chance * (1 - chance))
  }
}
