import HeapModule

/// How a circuit is chosen from scores.
public struct CircuitSelection: Sendable, Equatable {
  /// How much of the graph is kept.
  public enum Size: Sendable, Equatable {
    /// The best edges, as many as there are at most.
    case edges(Int)
    /// A share of all edges, rounded down, as MIB counts them.
    case fraction(Double)
    /// All edges that score at least this, by the ranking.
    case threshold(Float)
    /// All edges between the best heads and MLPs, `input` and `logits`.
    case nodes(Int)
  }

  /// The order in which edges are taken up.
  public enum Order: String, Sendable, CaseIterable {
    /// The best of all edges next.
    case top
    /// The best edge into what already reaches `logits` next, as `apply_greedy` of EAP-IG.
    case greedy
  }

  /// How much is kept.
  public var size: Size
  /// What makes one edge rank before another.
  public var ranking: EdgeScores.Ranking
  /// The order in which edges are taken up; of no meaning for thresholds and nodes.
  public var order: Order
  /// Whether edges that lie on no path from `input` to `logits` are dropped from the choice.
  public var prunes: Bool

  /// Describes a choice; a number of edges by magnitude if nothing else is said.
  public init(
    _ size: Size, ranking: EdgeScores.Ranking = .magnitude, order: Order = .top,
    prunes: Bool = false
  ) {
    self.size = size
    self.ranking = ranking
    self.order = order
    self.prunes = prunes
  }
}

extension EdgeScores {
  /// The circuit that a selection chooses.
  ///
  /// - Complexity: O(E log E) in the number of edges E.
  public func circuit(_ selection: CircuitSelection) -> Circuit {
    let ranking = selection.ranking
    let order = { ordered(by: ranking, order: selection.order) }
    let circuit =
      switch selection.size {
      case .edges(let count): Circuit(offsets: order().prefix(max(count, 0)), graph: graph)
      case .fraction(let share):
        Circuit(offsets: order().prefix(graph.edgeCount(share: share)), graph: graph)
      case .threshold(let threshold):
        Circuit(
          offsets: graph.edgeOffsets.filter { key($0, ranking) >= threshold }, graph: graph)
      case .nodes(let count):
        (nodes ?? sumsOfWriters).circuit(nodeCount: count, by: ranking)
      }
    return selection.prunes ? circuit.pruned() : circuit
  }

  /// The circuits of several numbers of edges, from one ordering.
  public func circuits(
    edgeCounts: [Int], by ranking: Ranking = .magnitude, order: CircuitSelection.Order = .top
  ) -> [Circuit] {
    let ordered = ordered(by: ranking, order: order)
    return edgeCounts.map { Circuit(offsets: ordered.prefix(max($0, 0)), graph: graph) }
  }

  /// The places of all edges in the order in which they are taken up.
  package func ordered(by ranking: Ranking, order: CircuitSelection.Order) -> [Int] {
    order == .top ? ranked(by: ranking) : greedy(by: ranking)
  }

  /// Edges into `logits` compete first; a writer that is reached adds the edges into its readers.
  private func greedy(by ranking: Ranking) -> [Int] {
    var rank = [Int](repeating: 0, count: values.count)
    let ranked = ranked(by: ranking)
    for (place, offset) in ranked.enumerated() { rank[offset] = place }
    var candidates = Heap<Int>()
    var isReached = [Bool](repeating: false, count: graph.readerCount)
    let reach = { (reader: Int) in
      guard !isReached[reader] else { return }
      isReached[reader] = true
      for writer in 0..<graph.visibleWriterCount(ofReader: reader) {
        let offset = writer * graph.readerCount + reader
        if values[offset] != -.infinity { candidates.insert(rank[offset]) }
      }
    }
    reach(graph.logitsReader)
    var order: [Int] = []
    while let best = candidates.popMin() {
      order.append(ranked[best])
      graph.readerIndices(feedingWriter: ranked[best] / graph.readerCount).forEach(reach)
    }
    return order
  }
}

extension ComputationGraph {
  /// A share of all edges, rounded down.
  public func edgeCount(share: Double) -> Int {
    share > 0 ? Int(min(share, 1) * Double(edgeCount)) : 0
  }
}

extension CircuitSelection.Size: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case edges, fraction, threshold, nodes
  }

  /// Reads what ``encode(to:)`` wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    guard let key = container.allKeys.first else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a size of no kind"))
    }
    switch key {
    case .edges: self = .edges(try container.decode(Int.self, forKey: key))
    case .fraction: self = .fraction(try container.decode(Double.self, forKey: key))
    case .threshold: self = .threshold(try container.decode(Float.self, forKey: key))
    case .nodes: self = .nodes(try container.decode(Int.self, forKey: key))
    }
  }

  /// Writes an object of one number under the kind of size.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .edges(let count): try container.encode(count, forKey: .edges)
    case .fraction(let share): try container.encode(share, forKey: .fraction)
    case .threshold(let least): try container.encode(least, forKey: .threshold)
    case .nodes(let count): try container.encode(count, forKey: .nodes)
    }
  }
}

extension EdgeScores.Ranking: Codable {}
extension CircuitSelection.Order: Codable {}
