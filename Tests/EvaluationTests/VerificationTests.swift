import Evaluation
import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

/// A planted world: exact effects of all edges, scores that see some of them badly, and features that say where.
struct PatchWorld {
  let start: EdgeVerification
  let truth: EdgeScores

  static let graph = ComputationGraph(layerCount: 3, headCount: 4, dModel: 4)
  static let bestCount = 25

  /// - Parameters:
  ///   - seed: Where random choices start.
  ///   - blindness: How many powers of e of an edge's effect its score does not see, by whether its reader is a query or
  ///     key, which have a softmax; and what happens to the effect there.
  init(
    seed: UInt64,
    blindness: (_ hasSoftmax: Bool, _ generator: inout SeededGenerator) -> (
      factor: Double, effect: Double?
    )
  ) {
    let graph = Self.graph
    var generator = SeededGenerator(seed: seed)
    let size = graph.writerCount * graph.readerCount
    var (scores, truth) = ([Float](repeating: 0, count: size), [Float](repeating: 0, count: size))
    var (blind, noise): ([Double], [Double]) = ([], [])
    for offset in graph.edgeOffsets {
      let hasSoftmax =
        switch graph.edge(at: offset).reader {
        case .head(_, _, .query), .head(_, _, .key): true
        default: false
        }
      let (factor, effect) = blindness(hasSoftmax, &generator)
      let sign = Bool.random(using: &generator) ? 1.0 : -1
      let exact = sign * (effect ?? exp(1.2 * generator.normal()))
      truth[offset] = Float(exact)
      scores[offset] = Float(exact * exp(-factor + 0.3 * generator.normal()))
      blind.append(hasSoftmax ? factor : 0)
      noise.append(generator.normal())
    }
    let given = EdgeScores(scores, graph: graph)
    let columns =
      [
        ("score", graph.edgeOffsets.map { log(1e-5 + Double(abs(given.values[$0]))) }),
        ("saturation", blind), ("noise", noise),
      ] + EdgeFeatures.places(in: graph)
    start = EdgeVerification(
      given, features: EdgeFeatures(columns, graph: graph), bestCount: Self.bestCount)
    self.truth = EdgeScores(truth, graph: graph)
  }

  /// Softmaxes are saturated to every degree, and scores lose as much.
  static func graded(_ seed: UInt64) -> PatchWorld {
    PatchWorld(seed: seed) { hasSoftmax, generator in
      (hasSoftmax ? 4 * Double.random(in: 0..<1, using: &generator) : 0, nil)
    }
  }

  /// A few softmaxes are so saturated that scores see nothing of large effects; all others lose nothing.
  static func hidden(_ seed: UInt64) -> PatchWorld {
    PatchWorld(seed: seed) { hasSoftmax, generator in
      guard hasSoftmax, Double.random(in: 0..<1, using: &generator) < 0.06 else { return (0, nil) }
      let isStrong = Bool.random(using: &generator)
      return (8 + generator.normal(), isStrong ? 10 + 5 * abs(generator.normal()) : 0.01)
    }
  }

  /// The recall after a budget of patches.
  func recall(_ strategy: PatchStrategy, patches: Int = 80) -> Double {
    RecallCurve(
      from: start, truth: truth, strategy: strategy, budget: VerificationBudget(patches: patches)
    ).points.last?.recall ?? .nan
  }
}

/// Exact patches are spent where they tell most, and the scores are then what they showed.
@Suite struct VerificationTests {
  private static let seeds = Array(UInt64(0)..<12)

  /// The differences of two strategies' recall, seed by seed.
  private func gains(
    of one: PatchStrategy, over other: PatchStrategy, in world: (UInt64) -> PatchWorld
  ) -> [Double] {
    Self.seeds.map { seed in
      let world = world(seed)
      return world.recall(one) - world.recall(other)
    }
  }

  @Test func `refit finds what graded saturation takes from the ranking`() {
    let gains = gains(of: .refit, over: .greedy, in: PatchWorld.graded)
    #expect(gains.reduce(0, +) / Double(gains.count) > 0.05, "\(gains)")
    #expect(gains.allSatisfy { $0 >= 0 }, "\(gains)")
  }

  @Test(arguments: [PatchStrategy.cnml, .diverse])
  func `what looks around finds what is hidden`(strategy: PatchStrategy) {
    let gains = gains(of: strategy, over: .refit, in: PatchWorld.hidden)
    #expect(gains.reduce(0, +) / Double(gains.count) > 0.05, "\(gains)")
    // What is spent on looking around can cost the last of the best edges where little is hidden.
    let losses = gains.filter { $0 < 0 }
    #expect(losses.count <= 2 && losses.allSatisfy { $0 > -1.5 / Double(PatchWorld.bestCount) })
  }

  /// A bonus finds some of it, and costs nothing in either world.
  @Test func `optimism is no worse than the fit`() {
    for world in [PatchWorld.hidden, PatchWorld.graded] {
      let gains = gains(of: .linUCB, over: .refit, in: world)
      #expect(gains.allSatisfy { $0 >= 0 }, "\(gains)")
    }
    #expect(gains(of: .linUCB, over: .refit, in: PatchWorld.hidden).contains { $0 > 0 })
  }

  @Test(arguments: PatchStrategy.all)
  func `no edge is patched twice, and all of them give the truth`(
    strategy: PatchStrategy
  ) {
    let world = PatchWorld.graded(100)
    let edgeCount = PatchWorld.graph.edgeCount
    #expect(world.start.verified(by: strategy) == world.start.scores)
    #expect(world.start.next(7, by: strategy) == Array(world.start.scores.ranked().prefix(7)))
    var known = world.start
    let sizes = VerificationBudget(patches: edgeCount, rounds: 6).sizes
    for size in sizes {
      let edges = known.next(size, by: strategy)
      #expect(edges.count == size && edges == known.next(size, by: strategy))
      known.observe(edges, edges.map { Double(world.truth.values[$0]) })
    }
    #expect(known.rounds.joined().sorted() == PatchWorld.graph.edgeOffsets)
    #expect(known.verified(by: strategy) == world.truth)
    #expect(known.recall(of: world.truth, by: strategy) == 1)
    #expect(known.next(5, by: strategy).isEmpty)
  }

  @Test func `rounds share a budget`() {
    #expect(VerificationBudget(patches: 10, rounds: 4).sizes == [2, 3, 2, 3])
    #expect(VerificationBudget(patches: 3, rounds: 8).sizes == [1, 1, 1])
    #expect(VerificationBudget(patches: 0).sizes.isEmpty)
  }

  /// With exact effects of twice the score, all others are predicted to be twice theirs.
  @Test func `a factor that all patches show is expected of all edges`() throws {
    let world = PatchWorld.graded(1)
    var known = world.start
    let edges = known.next(100, by: .refit)
    let sizes = PatchWorld.graph.edgeOffsets.map { Double(abs(known.scores.values[$0])) }
    let floor = EdgeVerification.floor(of: sizes, bestCount: PatchWorld.bestCount)
    known.observe(edges, edges.map { -2 * Double(abs(known.scores.values[$0])) - floor })
    let predicted = known.verified(by: .refit)
    let open = PatchWorld.graph.edgeOffsets.filter { known.effect(of: $0) == nil }
    #expect(open.count > 50)
    for offset in open {
      // ε + |y| = 2 (ε + |s|), with the sign of the score.
      let (score, found) = (Double(known.scores.values[offset]), Double(predicted.values[offset]))
      #expect(abs((floor + abs(found)) / (floor + abs(score)) - 2) < 0.05)
      #expect(found * score >= 0)
    }
    let kept = known.verified(by: .greedy)
    #expect(open.allSatisfy { kept.values[$0] == known.scores.values[$0] })
  }

  @Test func `edges that are never taken stay so`() {
    let graph = PatchWorld.graph
    var values = [Float](repeating: 1, count: graph.writerCount * graph.readerCount)
    values[3] = -.infinity
    let scores = EdgeScores(values, graph: graph)
    var known = EdgeVerification(
      scores, features: EdgeFeatures(EdgeFeatures.places(in: graph), graph: graph), bestCount: 5)
    #expect(known.next(graph.edgeCount, by: .greedy).last == 3)
    known.observe([4, 5], [2, 0.5])
    #expect(known.verified(by: .refit).values[3] == -.infinity)
    known.observe([3], [7])
    #expect(known.verified(by: .refit).values[3] == 7)
  }
}

/// The fits that strategies choose by.
@Suite struct PatchFitTests {
  private let rows: [ArraySlice<Double>] = {
    var generator = SeededGenerator(seed: 4)
    return (0..<40).map { _ in [generator.normal(), generator.normal(), 1] }
  }()

  private func targets(noise: Double) -> [Double] {
    var generator = SeededGenerator(seed: 5)
    return rows.map { 2 * $0[0] - $0[1] + 0.5 + noise * generator.normal() }
  }

  @Test func `ridge regression recovers a line, and knows where it knows little`() {
    let fit = RidgeFit(rows, targets(noise: 0), width: 3, penalty: 1e-9)
    for (found, expected) in zip(fit.coefficients, [2, -1, 0.5]) {
      #expect(abs(found - expected) < 1e-6)
    }
    #expect(fit.leverage([0, 0, 1]) < 0.1 && fit.leverage([50, 0, 1]) > 10)
    // Without examples nothing is expected, and everything is open.
    let nothing = RidgeFit([], [], width: 3, penalty: 2)
    #expect(nothing.coefficients == [0, 0, 0] && nothing.leverage([3, 0, 0]) == 4.5)
    // A constant is hardly penalised.
    let constant = RidgeFit(rows, rows.map { _ in 7 }, width: 3)
    #expect(abs(constant.value([0, 0, 1]) - 7) < 0.01)
  }

  /// The second-order update of linear Q-learning at horizon 1, example by example, ends in the ridge fit.
  @Test func `second-order updates end in ridge regression`() {
    let targets = targets(noise: 0.3)
    var coefficients = [0.0, 0, 0]
    for count in 1...rows.count {
      let seen = RidgeFit(Array(rows.prefix(count)), Array(targets.prefix(count)), width: 3)
      let row = rows[count - 1]
      let error = targets[count - 1] - zip(row, coefficients).reduce(0) { $0 + $1.0 * $1.1 }
      let step = seen.covariance.times(row)
      coefficients = zip(coefficients, step).map { $0 + $1 * error }
    }
    let whole = RidgeFit(rows, targets, width: 3).coefficients
    for (found, expected) in zip(coefficients, whole) { #expect(abs(found - expected) < 1e-9) }
  }

  @Test func `the classifier is where its loss has no slope`() {
    let examples = zip(rows, targets(noise: 1)).map {
      LogisticFit.Example(row: $0, label: $1 > 0 ? 1 : 0, weight: $1 > 1 ? 0.5 : 1)
    }
    let fit = LogisticFit(examples, width: 3, penalty: 0.7)
    for place in 0..<3 {
      let penalty = place < 2 ? 0.7 : 0.001
      let slope = examples.reduce(penalty * fit.coefficients[place]) { sum, example in
        let chance = 1 / (1 + exp(-fit.logit(example.row)))
        return sum - example.weight * (example.label - chance) * example.row[place]
      }
      #expect(abs(slope) < 1e-5, "\(slope)")
    }
  }

  /// Without other examples the loss is the penalty, which is quadratic, so the closed form is refitting.
  @Test(arguments: [[0.5, -1, 1], [6, 3, 1], [0, 0, 0.1]])
  func `conditional normalised likelihood is that of refitting with each label`(row: [Double]) {
    let refitted = [0.0, 1].map { label -> Double in
      let fit = LogisticFit([.init(row: row[...], label: label)], width: 3)
      let chance = 1 / (1 + exp(-fit.logit(row[...])))
      return label > 0.5 ? chance : 1 - chance
    }
    let found = LogisticFit([], width: 3).normalizedLikelihood(row[...])
    #expect(abs(found - refitted[1] / (refitted[0] + refitted[1])) < 1e-6)
    #expect(abs(found - 0.5) < 1e-9)
  }

  @Test
  func `normalised likelihood is near the classifier's where much is known, and open elsewhere`() {
    let examples = zip(rows, targets(noise: 0.1)).flatMap {
      [LogisticFit.Example](repeating: .init(row: $0, label: $1 > 0 ? 1 : 0), count: 50)
    }
    let fit = LogisticFit(examples, width: 3)
    for row in rows.prefix(10) {
      let plain = 1 / (1 + exp(-fit.logit(row)))
      #expect(abs(fit.normalizedLikelihood(row) - plain) < 0.1)
      // An exact refit with the example added agrees with the quadratic loss.
      let refitted = [0.0, 1].map { label -> Double in
        let more = LogisticFit(examples + [.init(row: row, label: label)], width: 3)
        let chance = 1 / (1 + exp(-more.logit(row)))
        return label > 0.5 ? chance : 1 - chance
      }
      let expected = refitted[1] / (refitted[0] + refitted[1])
      #expect(abs(fit.normalizedLikelihood(row) - expected) < 0.02)
    }
  }
}
