public import Graphs

/// What moved between two scores of one graph: of a model before and after training, say, or by two methods.
public struct ScoreDifference: Sendable, Equatable {
  /// An edge whose two scores differ.
  public struct Move: Sendable, Equatable {
    /// The edge.
    public let edge: Edge
    /// The score it had.
    public let first: Float
    /// The score it has.
    public let second: Float

    /// How far the score rose; infinite where only one of the scores says that the edge is never taken.
    public var difference: Double { Double(second) - Double(first) }
  }

  /// What moved of the edges at a head or MLP; those of infinite scores do not count.
  public struct NodeMove: Sendable, Equatable {
    /// The head or MLP.
    public let node: Writer
    /// `Σ |second − first|` over the edges into it.
    public fileprivate(set) var reads = 0.0
    /// `Σ |second − first|` over the edges out of it.
    public fileprivate(set) var writes = 0.0
    /// `Σ |first|` over all these edges.
    public fileprivate(set) var first = 0.0
    /// `Σ |second|` over all these edges; 0 for a node that does nothing any more.
    public fileprivate(set) var second = 0.0
  }

  /// What the best edges of both rankings have in common.
  public struct Overlap: Sendable, Equatable {
    /// The share of all edges.
    public let fraction: Double
    /// How many edges that is, rounded down.
    public let edgeCount: Int
    /// The share of one side's best edges that are among the other's; nil when all scores of one side are equal.
    public let shared: Double?

    /// Intersection over union: of two sets of n edges that share `s n`, `s / (2 − s)`.
    public var jaccard: Double? { shared.map { $0 / (2 - $0) } }
  }

  /// The edges whose scores differ, those that moved most first; ties keep the canonical order.
  public let moves: [Move]
  /// The heads and MLPs with such edges, those whose edges moved most first; ties keep the canonical order.
  public let nodes: [NodeMove]
  /// The overlap at MIB's sizes that the graph has, from the smallest one.
  public let overlaps: [Overlap]
  /// Spearman's rank correlation over all edges; nil when all scores of one side are equal.
  public let spearman: Double?
  /// How many edges there are.
  public let edgeCount: Int

  /// Compares two scores of one graph.
  ///
  /// - Parameters:
  ///   - first: Scores.
  ///   - second: Other scores of the same graph.
  ///   - ranking: Whether ranks are those of magnitudes or of signed scores.
  /// - Complexity: O(E log E) in the number of edges E.
  public init(from first: EdgeScores, to second: EdgeScores, by ranking: EdgeScores.Ranking) {
    precondition(first.graph == second.graph, "scores of two graphs")
    let graph = first.graph
    edgeCount = graph.edgeCount
    let moved = graph.edgeOffsets.filter { first.values[$0] != second.values[$0] }
    let size = { (offset: Int) in abs(Double(second.values[offset]) - Double(first.values[offset]))
    }
    moves = moved.sorted { (size($1), $0) < (size($0), $1) }.map {
      Move(edge: graph.edge(at: $0), first: first.values[$0], second: second.values[$0])
    }
    nodes = Self.nodes(first, second)
    let agreement = ScoreAgreement(first, second, by: ranking)
    spearman = agreement.spearman
    let sizes = FaithfulnessCurve.fractions.map { ($0, graph.edgeCount(share: $0)) }
    overlaps = sizes.filter { $0.1 > 0 }.map { fraction, count in
      Overlap(fraction: fraction, edgeCount: count, shared: agreement.overlap(at: count))
    }
  }

  private static func nodes(_ first: EdgeScores, _ second: EdgeScores) -> [NodeMove] {
    let graph = first.graph
    var nodes = graph.writers.map { NodeMove(node: $0) }
    for reader in 0..<graph.readerCount {
      let behind = graph.writerIndices(behindReader: reader)
      for writer in 0..<graph.visibleWriterCount(ofReader: reader) {
        let offset = writer * graph.readerCount + reader
        let (one, other) = (Double(first.values[offset]), Double(second.values[offset]))
        guard one.isFinite, other.isFinite else { continue }
        nodes[writer].writes += abs(other - one)
        for node in behind { nodes[node].reads += abs(other - one) }
        for node in [writer] + behind {
          nodes[node].first += abs(one)
          nodes[node].second += abs(other)
        }
      }
    }
    let total = { (place: Int) in nodes[place].reads + nodes[place].writes }
    return (1..<graph.writerCount).filter { total($0) > 0 }
      .sorted { (total($1), $0) < (total($0), $1) }.map { nodes[$0] }
  }
}
