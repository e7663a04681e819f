import Evaluation
import Foundation
import TestSupport
import Testing

/// What varies with the choice of prompts, and how much, against numbers worked out by hand.
@Suite struct BootstrapTests {
  private func found(
    full: [Double], empty: [Double]? = nil, circuit: [Double]
  ) -> Faithfulness {
    Faithfulness(
      full: PromptValues(full),
      empty: PromptValues(empty ?? [Double](repeating: 0, count: full.count)),
      circuit: PromptValues(circuit))
  }

  /// Of two prompts the mean is 0, ½ or 1 with chances ¼, ½ and ¼.
  @Test func `draws of two prompts have the chances of two coins`() throws {
    let values = [0.0, 1]
    let drawn = try #require(
      Bootstrap(draws: 4000, seed: 3).distribution(promptCount: 2) { prompts in
        prompts.reduce(0) { $0 + values[$1] } / 2
      })
    #expect(drawn.values.count == 4000 && Set(drawn.values) == [0, 0.5, 1])
    #expect(drawn.interval == 0...1)
    #expect(abs(drawn.probability(atLeast: 0.5) - 0.75) < 0.03)
    #expect(abs(drawn.probability(atLeast: 1) - 0.25) < 0.03)
    #expect(drawn.probability(atLeast: 1.01) == 0 && drawn.probability(atLeast: 0) == 1)
    #expect(abs(try #require(drawn.standardError) - (1.0 / 8).squareRoot()) < 0.01)
    // Three quarters of the draws are below 1.
    let narrow = Bootstrap.Distribution(values: drawn.values, level: 0.4)
    #expect(narrow.interval == 0.5...0.5)
  }

  @Test func `a seed decides all draws`() {
    let found = found(full: [4, 6, 5], circuit: [2, 4, 1])
    let drawn = { (seed: UInt64) in Bootstrap(draws: 50, seed: seed).faithfulness(found) }
    #expect(drawn(1) == drawn(1) && drawn(1) != drawn(2))
    #expect(drawn(1)?.values.count == 50)
  }

  @Test func `one prompt does not vary`() {
    let one = found(full: [4], circuit: [2])
    #expect(Bootstrap().faithfulness(one) == nil && one.standardError == nil)
    let none = FaithfulnessCurve(points: [], totalEdgeCount: 3)
    #expect(Bootstrap().area(of: none) == nil && Bootstrap().distance(of: none) == nil)
  }

  /// Full model and circuit differ wildly from prompt to prompt, but always by the same ratio.
  @Test func `what all runs have in common is no noise`() throws {
    let full = [1.0, 10, 100, 3]
    let steady = found(
      full: full, empty: full.map { -$0 }, circuit: full.map { $0 / 2 })
    #expect(steady.value == 0.75)
    #expect(try #require(steady.standardError) < 1e-12)
    let interval = try #require(Bootstrap().faithfulness(steady)?.interval)
    #expect(abs(interval.lowerBound - 0.75) < 1e-12 && abs(interval.upperBound - 0.75) < 1e-12)
  }

  /// 6 of 10: residuals 2 − 0.6 · 4 and 4 − 0.6 · 6, so √(0.32 / 1 / 2) / 5.
  @Test func `the standard error of a ratio by the delta method`() throws {
    let some = found(full: [4, 6], circuit: [2, 4])
    #expect(abs(try #require(some.standardError) - 0.08) < 1e-12)
    // Shifted and turned around it is the same.
    let other = found(full: [-3, -5], empty: [1, 1], circuit: [-1, -3])
    #expect(abs(try #require(other.standardError) - 0.08) < 1e-12)
    #expect(found(full: [1, 1], empty: [1, 1], circuit: [0, 3]).standardError == nil)
  }

  @Test func `the delta method and the bootstrap agree on many prompts`() throws {
    let numbers = { (phase: Double) in (0..<200).map { sin(phase * Double($0 * $0 + 1)) } }
    let (one, other) = (numbers(1.3), numbers(0.7))
    let some = found(
      full: one.map { 4 + $0 }, empty: other.map { 0.5 * $0 },
      circuit: zip(one, other).map { 3 + 0.5 * $0 - $1 })
    let drawn = try #require(Bootstrap(draws: 4000).faithfulness(some))
    let (delta, bootstrap) = (try #require(some.standardError), try #require(drawn.standardError))
    #expect(abs(delta / bootstrap - 1) < 0.05, "\(delta) \(bootstrap)")
    let interval = try #require(drawn.interval)
    #expect(abs((interval.upperBound - interval.lowerBound) / (4 * 0.98 * delta) - 1) < 0.05)
    #expect(interval.contains(some.value))
  }

  /// A quarter of the draws has the second prompt only, on which full and empty are the same.
  @Test func `draws without a ratio are not hidden`() throws {
    let drawn = try #require(
      Bootstrap(draws: 2000).faithfulness(found(full: [1, 0], circuit: [1, 0])))
    #expect(drawn.values.contains { $0.isNaN } && drawn.interval == nil)
    #expect(drawn.standardError == nil)
    #expect(abs(drawn.probability(atLeast: 0.9) - 0.75) < 0.03)
    // A few of them widen an interval at most.
    let few = Bootstrap.Distribution(
      values: [Double](repeating: 2, count: 99) + [.nan], level: 0.9)
    #expect(few.interval == 2...2)
  }

  /// Faithfulness of prompts 0 and 1 at the first size and 1 at the second: areas of ½, ¾ and 1.
  @Test func `CPR and CMD vary with the prompts`() throws {
    let curve = FaithfulnessCurve(
      points: [(0.0, [0.0, 1]), (1, [1, 1])].map { fraction, circuit in
        FaithfulnessCurve.Point(
          fraction: fraction, edgeCount: 1, prunedEdgeCount: 1,
          faithfulness: found(full: [1, 1], circuit: circuit))
      }, totalEdgeCount: 1)
    let area = try #require(Bootstrap().area(of: curve))
    #expect(Set(area.values) == [0.5, 0.75, 1] && area.interval == 0.5...1)
    let distance = try #require(Bootstrap().distance(of: curve))
    #expect(zip(area.values, distance.values).allSatisfy { $0 + $1 == 1 })
    #expect(Bootstrap(seed: 9).area(of: curve) != area)
  }
}
