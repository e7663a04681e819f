import Tensors

/// Draws prompts again, with replacement, to see how much a number depends on which ones there are.
///
/// The prompts of one draw are the same for everything that a number is made of, so what full model, empty
/// circuit and circuit have in common does not count as noise (Efron's percentile method). The same seed gives
/// the same draws.
public struct Bootstrap: Sendable, Equatable {
  /// How many times prompts are drawn.
  public var draws: Int
  /// The share of draws that an interval holds.
  public var level: Double
  /// Where random choices start.
  public var seed: UInt64

  /// A way to draw; 1000 draws and intervals of 95 % if nothing else is said.
  public init(draws: Int = 1000, level: Double = 0.95, seed: UInt64 = 0) {
    precondition(draws > 1 && level > 0 && level < 1, "\(draws) draws, intervals of \(level)")
    self.draws = draws
    self.level = level
    self.seed = seed
  }

  /// What a number is on drawn prompts.
  public struct Distribution: Sendable, Equatable {
    /// The number of each draw; NaN where the drawn prompts give none.
    public let values: [Double]
    /// The share of draws that the interval holds.
    public let level: Double

    /// Takes the numbers of draws.
    public init(values: [Double], level: Double) {
      self.values = values
      self.level = level
    }

    /// The range between the outer quantiles of the draws; nil when too many draws have no number.
    ///
    /// Draws without a number count as lying below the lower end and above the upper one.
    public var interval: ClosedRange<Double>? {
      let end = { (outside: Double, share: Double) in
        PromptValues(values.map { $0.isNaN ? outside : $0 }).quantile(share)
      }
      let (low, high) = (end(-.infinity, (1 - level) / 2), end(.infinity, (1 + level) / 2))
      return low.isFinite && high.isFinite && low <= high ? low...high : nil
    }

    /// The standard deviation of the draws, an estimate of the number's standard error; nil when a draw has
    /// no number.
    public var standardError: Double? {
      PromptValues(values).standardError.map { $0 * Double(values.count).squareRoot() }
        .flatMap { $0.isFinite ? $0 : nil }
    }

    /// The share of draws in which the number is at least `threshold`; draws without a number are not.
    public func probability(atLeast threshold: Double) -> Double {
      Double(values.count { $0 >= threshold }) / Double(values.count)
    }
  }

  /// What a number is on drawn prompts.
  ///
  /// - Parameters:
  ///   - promptCount: How many prompts there are to draw from, and how many are drawn each time.
  ///   - statistic: The number, from the places of the drawn prompts.
  /// - Returns: The number of each draw; nil for fewer than two prompts, which cannot vary.
  /// - Complexity: O(draws · prompts), and that of the statistic for each draw.
  public func distribution(
    promptCount: Int, of statistic: (_ prompts: [Int]) -> Double
  ) -> Distribution? {
    guard promptCount > 1 else { return nil }
    var generator = SeededGenerator(seed: seed)
    let values = (0..<draws).map { _ in
      statistic((0..<promptCount).map { _ in Int.random(in: 0..<promptCount, using: &generator) })
    }
    return Distribution(values: values, level: level)
  }

  /// The faithfulness on drawn prompts, each time the ratio of the means.
  ///
  /// - Returns: nil for fewer than two prompts.
  /// - Complexity: O(draws · prompts).
  public func faithfulness(_ found: Faithfulness) -> Distribution? {
    distribution(promptCount: found.circuit.values.count, of: found.value(ofPrompts:))
  }

  /// The area below a curve on drawn prompts: how sure CPR is.
  ///
  /// - Returns: nil for fewer than two prompts.
  /// - Complexity: O(draws · prompts · points).
  public func area(
    of curve: FaithfulnessCurve, _ axis: FaithfulnessCurve.Axis = .nominal,
    _ scale: FaithfulnessCurve.Scale = .linear
  ) -> Distribution? {
    distribution(promptCount: curve.promptCount) { curve.area(axis, scale, ofPrompts: $0) }
  }

  /// The area between a curve and 1 on drawn prompts: how sure CMD is.
  ///
  /// Noise on either side of 1 adds to that area, so its interval may lie above the area of all prompts.
  ///
  /// - Returns: nil for fewer than two prompts.
  /// - Complexity: O(draws · prompts · points).
  public func distance(
    of curve: FaithfulnessCurve, _ axis: FaithfulnessCurve.Axis = .nominal,
    _ scale: FaithfulnessCurve.Scale = .linear
  ) -> Distribution? {
    distribution(promptCount: curve.promptCount) { curve.distance(axis, scale, ofPrompts: $0) }
  }
}
