import Foundation
import Tensors

/// A way to make masks between 0 and 1 from numbers that are trained.
package protocol MaskParametrisation: Sendable {
  /// Where every number starts.
  var start: Double { get }

  /// How many random numbers between 0 and 1 a mask of so many numbers takes.
  func noiseCount(_ count: Int) -> Int

  /// The mask that some noise makes of numbers.
  func mask(_ numbers: [Double], noise: [Double]) -> MaskDraw

  /// The chance that a mask value is not 0, and its derivative by the number.
  func presence(_ number: Double) -> (value: Double, slope: Double)

  /// The mask value without noise, of a number whose mask is not 0.
  func likely(_ number: Double) -> Double

  /// What one draw's gradient counts for each number, of all draws of a step; nil for all alike.
  func weights(_ draws: [MaskDraw]) -> [Double]?
}

extension MaskParametrisation {
  /// Most take one for each number.
  package func noiseCount(_ count: Int) -> Int { count }
  /// Most keep what they keep whole.
  package func likely(_ number: Double) -> Double { 1 }
  /// Most let all draws count alike.
  package func weights(_ draws: [MaskDraw]) -> [Double]? { nil }

  /// The random numbers of a mask.
  func noise(_ count: Int, using generator: inout SeededGenerator) -> [Double] {
    (0..<noiseCount(count)).map { _ in Double.random(in: 1e-6..<(1 - 1e-6), using: &generator) }
  }

  /// A random mask.
  func draw(_ numbers: [Double], using generator: inout SeededGenerator) -> MaskDraw {
    mask(numbers, noise: noise(numbers.count, using: &generator))
  }

  /// The mask without noise that keeps exactly so many: those with the largest numbers, of equal ones the last.
  package func deterministicMask(_ numbers: [Double], keeping count: Int) -> [Double] {
    let order = numbers.indices.sorted { (numbers[$0], $0) > (numbers[$1], $1) }
    var values = [Double](repeating: 0, count: numbers.count)
    for index in order.prefix(count) { values[index] = likely(numbers[index]) }
    return values
  }

  /// The gradient by the numbers.
  ///
  /// - Parameters:
  ///   - masks: For each draw the gradient of the loss by its mask values.
  ///   - draws: The draws of a step.
  /// - Returns: A number for each.
  package func gradient(_ masks: [[Double]], of draws: [MaskDraw]) -> [Double] {
    let weights = weights(draws)
    var sums = [Double](repeating: 0, count: draws.first?.values.count ?? 0)
    for (mask, draw) in zip(masks, draws) {
      let part = draw.gradient(mask)
      for index in sums.indices { sums[index] += part[index] }
    }
    if let weights { for index in sums.indices { sums[index] *= weights[index] } }
    return sums
  }
}

/// Mask values that were drawn, and how they change with the numbers behind them.
package struct MaskDraw: Sendable {
  /// A mask value for each number.
  package let values: [Double]
  /// The derivative of each value by its own number, all else held.
  package let slopes: [Double]
  /// Whether the sum of all values is held: then all numbers move each value.
  package let holdsSum: Bool

  package init(values: [Double], slopes: [Double], holdsSum: Bool = false) {
    self.values = values
    self.slopes = slopes
    self.holdsSum = holdsSum
  }

  /// The gradient by the numbers, from that by the values.
  func gradient(_ mask: [Double]) -> [Double] {
    guard holdsSum else { return zip(mask, slopes).map { $0 * $1 } }
    let total = slopes.reduce(0, +)
    let mean = total > 0 ? zip(mask, slopes).reduce(0) { $0 + $1.0 * $1.1 } / total : 0
    return zip(mask, slopes).map { ($0 - mean) * $1 }
  }
}

func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

func logOdds(_ chance: Double) -> Double { log(chance / (1 - chance)) }

/// `log(1 + eˣ)`: above 0, and grows with x however small or large that is.
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
