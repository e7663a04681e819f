/// A mask without noise: `m = σ(θ)`.
package struct SigmoidMask: MaskParametrisation {
  package let start: Double

  /// - Parameter start: Where numbers start; by default where masks are 0.9.
  package init(start: Double = 2.2) { self.start = start }

  package func noiseCount(_ count: Int) -> Int { 0 }

  package func mask(_ numbers: [Double], noise: [Double]) -> MaskDraw {
    let values = numbers.map(sigmoid)
    return MaskDraw(values: values, slopes: values.map { $0 * (1 - $0) })
  }

  package func presence(_ number: Double) -> (value: Double, slope: Double) {
    let chance = sigmoid(number)
    return (chance, chance * (1 - chance))
  }
}
