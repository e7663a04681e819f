/// A score for every writer of a graph: how much the behaviour depends on a head or MLP.
public struct NodeScores: Sendable, Equatable {
  /// The graph whose nodes are scored.
  public let graph: ComputationGraph
  /// The score of each writer: nil for one that is always kept, −∞ for one that never is.
  public let values: [Float?]

  /// Takes scores in the order of the writers; `input` is always kept.
  public init(_ values: [Float?], graph: ComputationGraph) {
    precondition(
      values.count == graph.writerCount, "\(values.count) scores of \(graph.writerCount) writers")
    self.values = [nil] + values.dropFirst()
    self.graph = graph
  }

  /// The places of the scored writers, best first; ties keep the canonical order.
  public func ranked(by ranking: EdgeScores.Ranking = .magnitude) -> [Int] {
    let keys = values.map { $0.map { ranking == .magnitude ? abs($0) : $0 } ?? 0 }
    return values.indices.filter { values[$0].map { $0 != -.infinity } ?? false }
      .sorted { (keys[$1], $0) < (keys[$0], $1) }
  }

  /// The best scored heads and MLPs, best first.
  public func top(
    _ count: Int, by ranking: EdgeScores.Ranking = .magnitude
  ) -> [(writer: Writer, score: Float)] {
    ranked(by: ranking).prefix(count).compactMap { place in
      values[place].map { (graph.writer(at: place), $0) }
    }
  }

  /// The circuit of all edges between the best heads and MLPs, those that are always kept, and `logits`.
  public func circuit(nodeCount: Int, by ranking: EdgeScores.Ranking = .magnitude) -> Circuit {
    var isMember = values.map { $0 == nil }
    for writer in ranked(by: ranking).prefix(max(nodeCount, 0)) { isMember[writer] = true }
    return Circuit(nodes: isMember, graph: graph)
  }
}
