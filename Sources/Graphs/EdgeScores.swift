/// A score for every edge of a graph: the estimated rise of the loss when that edge alone is ablated.
///
/// Positive: the edge supports the behaviour. Units: those of the metric.
public struct EdgeScores: Sendable, Equatable {
  /// The graph whose edges are scored.
  public let graph: ComputationGraph
  /// The scores `[writers, readers]`; 0 where no edge exists, and −∞ for edges that are never taken.
  public let values: [Float]
  /// The scores of nodes that those of edges follow from; nil where edges were scored.
  public var nodes: NodeScores?

  /// Takes scores in matrix order; values where the graph has no edge are set to 0.
  ///
  /// - Parameters:
  ///   - values: `[writers, readers]`.
  ///   - graph: The graph whose edges are scored.
  public init(_ values: [Float], graph: ComputationGraph) {
    precondition(
      values.count == graph.writerCount * graph.readerCount,
      "\(values.count) scores for \(graph.writerCount) writers and \(graph.readerCount) readers")
    var existing = [Float](repeating: 0, count: values.count)
    for writer in 0..<graph.writerCount {
      let row = graph.edgeOffsets(ofWriter: writer)
      existing.replaceSubrange(row, with: values[row])
    }
    self.values = existing
    self.graph = graph
  }

  /// The score of an edge; 0 when the graph has no such edge.
  public subscript(edge: Edge) -> Float { graph.offset(of: edge).map { values[$0] } ?? 0 }

  /// What makes one edge rank before another.
  public enum Ranking: String, Sendable, CaseIterable {
    /// The larger absolute score first.
    case magnitude
    /// The larger score first, so edges that oppose the behaviour come last.
    case signed
  }

  /// What an edge is ranked by, from its place in the matrix.
  package func key(_ offset: Int, _ ranking: Ranking) -> Float {
    ranking == .magnitude && values[offset] != -.infinity ? abs(values[offset]) : values[offset]
  }

  private func precedes(_ offset: Int, _ other: Int, _ ranking: Ranking) -> Bool {
    (key(other, ranking), offset) < (key(offset, ranking), other)
  }

  /// The places of all edges but those that are never taken, best first; ties keep the canonical order.
  ///
  /// - Complexity: O(E log E) in the number of edges E.
  public func ranked(by ranking: Ranking = .magnitude) -> [Int] {
    graph.edgeOffsets.filter { values[$0] != -.infinity }.sorted { precedes($0, $1, ranking) }
  }

  /// The best edges and their scores, best first.
  public func top(_ count: Int, by ranking: Ranking = .magnitude) -> [(edge: Edge, score: Float)] {
    ranked(by: ranking).prefix(count).map { (graph.edge(at: $0), values[$0]) }
  }

  /// The edges of a circuit and their scores, best first.
  public func top(
    of circuit: Circuit, by ranking: Ranking = .magnitude
  ) -> [(edge: Edge, score: Float)] {
    circuit.offsets.sorted { precedes($0, $1, ranking) }.map {
      (graph.edge(at: $0), values[$0])
    }
  }

  /// The circuit of the `edgeCount` best edges, or of all when there are fewer.
  public func circuit(edgeCount: Int, by ranking: Ranking = .magnitude) -> Circuit {
    circuit(CircuitSelection(.edges(edgeCount), ranking: ranking))
  }

  /// The circuit of all edges that score at least `threshold`, by magnitude or signed.
  public func circuit(threshold: Float, by ranking: Ranking = .magnitude) -> Circuit {
    circuit(CircuitSelection(.threshold(threshold), ranking: ranking))
  }
}
