/// The uniform samples of UGS (arXiv 2409.09951): a mask value is 1, 0, or uniform in between.
///
/// With p = σ(θ), the window w = p (1 − p) and u uniform in (0, 1), `α = 1 − clamp((u − p) / w + ½, 0, 1)`. The gradient
/// by θ is taken as w wherever α lies inside, so that it does not grow as the window closes; and weighed, number by
/// number, by how rarely that happens among the draws of a step.
package struct UniformSample: MaskParametrisation {
  package let start = 1.0

  package init() {}

  package func mask(_ numbers: [Double], noise: [Double]) -> MaskDraw {
    var values = [Double](repeating: 0, count: numbers.count)
    var slopes = values
    for index in numbers.indices {
      let (chance, window) = presence(numbers[index])
      values[index] = 1 - min(max((noise[index] - chance) / window + 0.5, 0), 1)
      if values[index] > 0 && values[index] < 1 { slopes[index] = window }
    }
    return MaskDraw(values: values, slopes: slopes)
  }

  package func presence(_ number: Double) -> (value: Double, slope: Double) {
    let chance = sigmoid(number)
    return (chance, chance * (1 - chance))
  }

  package func weights(_ draws: [MaskDraw]) -> [Double]? {
    (draws.first?.values.indices).map { indices in
      indices.map { index in
        let inside = draws.count { $0.values[index] > 0.001 && $0.values[index] < 0.999 }
        return Double(draws.count) / Double(max(inside, 1))
      }
    }
  }
}
