import Foundation
public import Graphs
public import Tasks
import Tensors

/// What edges outside of a circuit may do that nobody looked at: a bound from random sets of them (after the diagnostics of
/// AtP*, arXiv 2403.00745).
///
/// Random sets of the edges outside are ablated in the full model. An edge's effect is estimated by how much more the metric
/// falls in sets that have it than in those that lack it; where effects of single edges add up, the estimate is unbiased
/// and its error the same for all edges, but for how many sets have them. With all edges outside looked at at once, the
/// bound of each holds with a probability that is split among them.
public struct MissedEffects: Sendable, Equatable {
  /// An edge outside of the circuit.
  public struct Missed: Sendable, Equatable {
    /// The edge.
    public let edge: Edge
    /// How far the metric falls without it, as estimated.
    public let estimate: Double
    /// How far the estimate may be off.
    public let margin: Double

    /// Takes what was estimated.
    public init(edge: Edge, estimate: Double, margin: Double) {
      self.edge = edge
      self.estimate = estimate
      self.margin = margin
    }

    /// The largest magnitude that its effect may have.
    public var bound: Double { abs(estimate) + margin }
    /// Whether it certainly has an effect.
    public var isCertain: Bool { abs(estimate) > margin }
  }

  /// The edges outside, those with the largest bounds first; of equals in canonical order.
  public let edges: [Missed]
  /// How many sets were ablated.
  public let setCount: Int
  /// The share of the edges outside that each set has, on the mean.
  public let share: Double
  /// The probability that all bounds hold, if effects add up.
  public let confidence: Double

  /// Takes what was estimated.
  public init(edges: [Missed], setCount: Int, share: Double, confidence: Double) {
    self.edges = edges
    self.setCount = setCount
    self.share = share
    self.confidence = confidence
  }

  /// The largest magnitude that the effect of an edge outside of the circuit may have, but for ``unseenCount`` edges.
  ///
  /// It is 0 where there is none.
  public var bound: Double { edges.first { $0.margin.isFinite }?.bound ?? 0 }
  /// Edges that by chance no set had, or all: nothing is said of them.
  public var unseenCount: Int { edges.count { !$0.margin.isFinite } }
  /// Edges outside that certainly have an effect, by the magnitude of their estimates.
  public var certain: [Missed] {
    edges.filter(\.isCertain).sorted { abs($1.estimate) < abs($0.estimate) }
  }
}

extension CircuitEvaluation {
  /// Bounds what edges outside of a circuit do in the full model.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph.
  ///   - count: How many random sets are ablated, at least 8.
  ///   - confidence: The probability that all bounds hold.
  ///   - seed: Where random choices start.
  ///   - progress: Is told about every run.
  /// - Returns: A bound for each edge outside of the circuit, by the task's own metric.
  /// - Complexity: A masked run for each set.
  public func missedEffects(
    outsideOf circuit: Circuit, sets count: Int, confidence: Double = 0.95, seed: UInt64 = 0,
    progress: RunProgress.Handler = { _ in }
  ) -> MissedEffects {
    precondition(count >= 8, "\(count) sets")
    let outside = circuit.complement.offsets
    guard !outside.isEmpty else {
      return MissedEffects(edges: [], setCount: 0, share: 0, confidence: confidence)
    }
    // Small sets have small variance; yet each edge, of a million too, is to be in some of them.
    let share = min(max(1 / Double(outside.count).squareRoot(), 20 / Double(count)), 0.5)
    var generator = SeededGenerator(seed: seed)
    let members = (0..<count).map { _ in
      outside.map { _ in Double.random(in: 0..<1, using: &generator) < share }
    }
    let interventions = members.map { isMember in
      let set = zip(outside, isMember).filter { $0.1 }.map(\.0)
      return scheme.keeping(Circuit(offsets: set, graph: circuit.graph).complement)
    }
    let measured = runs.measure(interventions, by: [task.metric], progress: progress)
    let falls = measured.values.map { measured.full[0].mean - $0[0].mean }
    let quantile = Self.normalQuantile(1 - (1 - confidence) / Double(2 * outside.count))
    let found = RandomSets(members: members, falls: falls).effects(quantile)
    let edges = zip(outside, found).map { offset, effect in
      MissedEffects.Missed(
        edge: circuit.graph.edge(at: offset), estimate: effect.estimate, margin: effect.margin)
    }
    let ranked = edges.indices.sorted { (edges[$1].bound, $0) < (edges[$0].bound, $1) }
    return MissedEffects(
      edges: ranked.map { edges[$0] }, setCount: count, share: share, confidence: confidence)
  }

  /// The number below which a standard normal one lies with some probability, found by halving.
  private static func normalQuantile(_ probability: Double) -> Double {
    var (low, high) = (0.0, 40.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if erfc(middle / 2.0.squareRoot()) / 2 > 1 - probability {
        low = middle
      } else {
        high = middle
      }
    }
    return high
  }
}

/// Random sets of edges, and how far the metric falls without each of them.
private struct RandomSets {
  /// For each set, whether each edge is in it.
  let members: [[Bool]]
  /// For each set, how far the metric falls.
  let falls: [Double]

  /// Effects of less than this share of the largest hide no others.
  private static let leastShare = 0.1

  /// What an edge does, as estimated, and how far that may be off.
  typealias Effect = (estimate: Double, margin: Double)

  /// What each edge does.
  ///
  /// A single large effect would hide all others, whose sets have it or lack it by chance. So the largest certain one is
  /// taken out of the falls of all sets, until the next one is small beside the first.
  func effects(_ quantile: Double) -> [Effect] {
    var rest = falls
    var taken: [Int: Double] = [:]
    var largest = 0.0
    while true {
      let effects = effects(on: rest, quantile)
      let certain = effects.indices.filter {
        taken[$0] == nil && abs(effects[$0].estimate) > effects[$0].margin
      }
      let next = certain.max { abs(effects[$0].estimate) < abs(effects[$1].estimate) }
      guard let next, abs(effects[next].estimate) >= Self.leastShare * largest else {
        return effects.enumerated().map { ($1.estimate + (taken[$0] ?? 0), $1.margin) }
      }
      taken[next] = effects[next].estimate
      largest = max(largest, abs(effects[next].estimate))
      for (set, isMember) in members.enumerated() where isMember[next] {
        rest[set] -= effects[next].estimate
      }
    }
  }

  private func effects(on falls: [Double], _ quantile: Double) -> [Effect] {
    let total = falls.reduce(0, +)
    let squares = falls.reduce(0) { $0 + $1 * $1 }
    let edgeCount = members.first?.count ?? 0
    var counts = [Double](repeating: 0, count: edgeCount)
    var sums = counts
    for (set, isMember) in members.enumerated() {
      for edge in 0..<edgeCount where isMember[edge] {
        counts[edge] += 1
        sums[edge] += falls[set]
      }
    }
    let all = Double(falls.count)
    return zip(counts, sums).map { count, sum in
      guard count > 0, count < all else { return (0, .infinity) }
      let (with, without) = (sum / count, (total - sum) / (all - count))
      // The other members vary alike in both, so that their variances are pooled.
      let spread = max(squares - count * with * with - (all - count) * without * without, 0)
      let error = (spread / max(all - 2, 1) * (1 / count + 1 / (all - count))).squareRoot()
      return (with - without, quantile * error)
    }
  }
}
