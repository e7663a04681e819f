import Foundation
public import Graphs
public import Tasks

/// The faithfulness of circuits of growing size, as the MIB benchmark (arXiv 2504.13151) measures it.
public struct FaithfulnessCurve: Sendable, Equatable, Codable {
  /// The shares of edges at which MIB measures.
  public static let fractions: [Double] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]

  /// One circuit of the curve.
  public struct Point: Sendable, Equatable, Codable {
    /// The share of edges that was asked for.
    public let fraction: Double
    /// How many edges that is, rounded down.
    public let edgeCount: Int
    /// How many of them lie on a path from `input` to `logits`: those of the circuit that is run.
    public let prunedEdgeCount: Int
    /// What the circuit does.
    public let faithfulness: Faithfulness

    /// Takes what was measured.
    public init(
      fraction: Double, edgeCount: Int, prunedEdgeCount: Int, faithfulness: Faithfulness
    ) {
      self.fraction = fraction
      self.edgeCount = edgeCount
      self.prunedEdgeCount = prunedEdgeCount
      self.faithfulness = faithfulness
    }
  }

  /// What a place on the horizontal axis counts.
  public enum Axis: String, Sendable, CaseIterable {
    /// The share of edges that was asked for, as MIB.
    case nominal
    /// The share of edges that was left after pruning.
    case realised
  }

  /// How lengths on the horizontal axis are measured.
  public enum Scale: String, Sendable, CaseIterable {
    /// By the share itself, as MIB.
    case linear
    /// By its logarithm; the area is then divided by the axis' length, so it is a mean height.
    case logarithmic
  }

  /// The points, from the smallest circuit to the largest.
  public let points: [Point]
  /// How many edges the graph has.
  public let totalEdgeCount: Int
  /// Whether scores chose the circuits; false when all scores are equal, and areas are then NaN.
  public let isRanked: Bool

  /// Takes the points of a curve.
  public init(points: [Point], totalEdgeCount: Int, isRanked: Bool = true) {
    self.points = points
    self.totalEdgeCount = totalEdgeCount
    self.isRanked = isRanked
  }

  /// The area below the faithfulness `f`, by trapezoids: MIB's CPR when edges rank `signed`.
  ///
  /// From 0.1 % to 100 % of the edges, so 0.999 for a circuit that is always faithful.
  public func area(_ axis: Axis = .nominal, _ scale: Scale = .linear) -> Double {
    trapezoids(axis, scale, points.map(\.faithfulness.value))
  }

  /// The area between the faithfulness and 1, `|1 − f|`: MIB's CMD when edges rank by magnitude.
  public func distance(_ axis: Axis = .nominal, _ scale: Scale = .linear) -> Double {
    trapezoids(axis, scale, points.map { abs(1 - $0.faithfulness.value) })
  }

  /// ``area(_:_:)`` on some prompts, by their places, maybe repeated.
  func area(_ axis: Axis, _ scale: Scale, ofPrompts prompts: [Int]) -> Double {
    trapezoids(axis, scale, points.map { $0.faithfulness.value(ofPrompts: prompts) })
  }

  /// ``distance(_:_:)`` on some prompts, by their places, maybe repeated.
  func distance(_ axis: Axis, _ scale: Scale, ofPrompts prompts: [Int]) -> Double {
    trapezoids(axis, scale, points.map { abs(1 - $0.faithfulness.value(ofPrompts: prompts)) })
  }

  /// How many prompts every point was measured on; 0 where they are not the same for all.
  var promptCount: Int {
    let counts = Set(
      points.flatMap { point in
        [point.faithfulness.full, point.faithfulness.circuit, point.faithfulness.empty]
          .map(\.values.count)
      })
    return counts.count == 1 ? counts.first ?? 0 : 0
  }

  private func trapezoids(_ axis: Axis, _ scale: Scale, _ heights: [Double]) -> Double {
    guard isRanked else { return .nan }
    // Circuits that pruning empties have no place on a logarithmic axis.
    let places = zip(points, heights).map { point, height in
      let share =
        axis == .nominal
        ? point.fraction : Double(point.prunedEdgeCount) / Double(totalEdgeCount)
      return (x: scale == .linear ? share : log(share), y: height)
    }.filter { $0.x.isFinite }
    let area = zip(places, places.dropFirst()).reduce(0) { sum, pair in
      sum + (pair.1.x - pair.0.x) * (pair.0.y + pair.1.y) / 2
    }
    guard scale == .logarithmic, let first = places.first, let last = places.last else {
      return area
    }
    return area / (last.x - first.x)
  }
}

extension CircuitEvaluation {
  /// The curves of one or several rankings of edges, in one pass over the prompts.
  ///
  /// Every circuit is pruned first, as MIB does: with resampling that changes nothing, with other
  /// ablations a node that nothing reaches would write a value of its own.
  ///
  /// - Parameters:
  ///   - scores: The scores that edges are chosen by.
  ///   - rankings: How edges rank, for each curve.
  ///   - order: The order in which edges are taken up.
  ///   - fractions: The sizes, ascending, as shares of all edges.
  ///   - progress: Is told about every run.
  /// - Returns: A curve for each ranking, by the task's own metric.
  public func curves(
    of scores: EdgeScores, by rankings: [EdgeScores.Ranking],
    order: CircuitSelection.Order = .top, fractions: [Double] = FaithfulnessCurve.fractions,
    progress: RunProgress.Handler = { _ in }
  ) -> [FaithfulnessCurve] {
    let sizes = fractions.map(scores.graph.edgeCount(share:))
    let circuits = rankings.flatMap { ranking in
      scores.circuits(edgeCounts: sizes, by: ranking, order: order).map { $0.pruned() }
    }
    let measured = faithfulness(of: circuits, by: [task.metric], progress: progress)
    return rankings.indices.map { ranking in
      FaithfulnessCurve(
        points: fractions.indices.map { index in
          let place = ranking * fractions.count + index
          return FaithfulnessCurve.Point(
            fraction: fractions[index], edgeCount: sizes[index],
            prunedEdgeCount: circuits[place].edgeCount, faithfulness: measured[place][0])
        }, totalEdgeCount: scores.graph.edgeCount,
        isRanked: scores.tellsEdgesApart(by: rankings[ranking]))
    }
  }
}
