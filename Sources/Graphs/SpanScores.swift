/// Scores of edges at each of several spans of the prompts.
public struct SpanScores: Sendable, Equatable {
  /// What the spans are called.
  public let names: [String]
  /// For each span the scores of all edges there; their sum scores edges at all tokens.
  public let parts: [EdgeScores]

  /// Takes the scores of each span, of one graph.
  public init(names: [String], parts: [EdgeScores]) {
    precondition(names.count == parts.count && !parts.isEmpty, "\(names.count) spans")
    self.names = names
    self.parts = parts
  }

  /// The graph whose edges are scored.
  public var graph: ComputationGraph { parts[0].graph }

  /// The scores of edges at all tokens.
  public var total: EdgeScores {
    var sums = [Double](repeating: 0, count: parts[0].values.count)
    for part in parts {
      for (place, value) in part.values.enumerated() { sums[place] += Double(value) }
    }
    return EdgeScores(sums.map(Float.init), graph: graph)
  }

  /// Edges at spans, best first; ties keep the order of spans, then the canonical one.
  ///
  /// - Complexity: O(n log n) in the number of edges times that of spans.
  public func ranked(by ranking: EdgeScores.Ranking = .magnitude) -> [(span: Int, offset: Int)] {
    let offsets = Array(graph.edgeOffsets)
    let keys = parts.flatMap { part in offsets.map { part.key($0, ranking) } }
    return keys.indices.sorted { (keys[$1], $0) < (keys[$0], $1) }.map {
      ($0 / offsets.count, offsets[$0 % offsets.count])
    }
  }

  /// Circuits of the best edges at spans, of several sizes, from one ordering.
  public func circuits(
    sizes: [Int], by ranking: EdgeScores.Ranking = .magnitude
  ) -> [SpanCircuit] {
    let ranked = ranked(by: ranking)
    return sizes.map { size in
      var offsets = [[Int]](repeating: [], count: names.count)
      for item in ranked.prefix(max(size, 0)) { offsets[item.span].append(item.offset) }
      return SpanCircuit(
        names: names, circuits: offsets.map { Circuit(offsets: $0, graph: graph) })
    }
  }
}

/// A circuit whose edges are intact at some spans of the prompts only.
public struct SpanCircuit: Sendable, Equatable {
  /// What the spans are called.
  public let names: [String]
  /// For each span the edges that are intact there.
  public let circuits: [Circuit]

  /// Takes a circuit for each span, of one graph.
  public init(names: [String], circuits: [Circuit]) {
    precondition(names.count == circuits.count && !circuits.isEmpty, "\(names.count) spans")
    self.names = names
    self.circuits = circuits
  }

  /// Edges at spans: an edge counts once for each span at which it is intact.
  public var edgeCount: Int { circuits.reduce(0) { $0 + $1.edgeCount } }
  /// Edges that are intact at any span.
  public var distinctEdgeCount: Int { Set(circuits.flatMap(\.offsets)).count }
}
