package import Graphs

/// What has a trained number of its own.
package enum MaskUnits: Sendable, CaseIterable {
  /// The query, key and value of each head and the write of each MLP.
  case nodes
  /// Every edge.
  case edges
  /// Every edge, and every head and MLP besides: an edge carries no more than its writer does.
  case edgesAndWriters
  /// Every head and MLP: all edges out of one carry alike.
  case writers
}

/// How numbers mask edges: an edge is as intact as the product of the numbers behind it, of which it has two at most.
package struct MaskMap: Sendable {
  package let graph: ComputationGraph
  /// How many numbers there are.
  package let count: Int
  private let units: MaskUnits
  /// For each edge, in canonical order, its place in a mask `[readers, writers]`.
  private let places: [Int32]
  /// For each edge the first number behind it; −1 for none.
  private let first: [Int32]
  /// For each edge the second number behind it; −1 for none.
  private let second: [Int32]

  package init(_ units: MaskUnits, _ graph: ComputationGraph) {
    self.graph = graph
    self.units = units
    let ofReaders: [Int32] = graph.readers.enumerated().map { index, reader in
      if units == .nodes, case .head = reader { Int32(index) } else { -1 }
    }
    let ofWriters: [Int32] = graph.writers.enumerated().map { index, writer in
      switch (units, writer) {
      case (.nodes, .mlp(let layer)): graph.mlp(layer: layer).map { Int32($0.reader) } ?? -1
      case (.nodes, _), (.edges, _), (_, .input): -1
      case (.edgesAndWriters, _): Int32(graph.edgeCount + index - 1)
      case (.writers, _): Int32(index - 1)
      }
    }
    var (places, first, second): ([Int32], [Int32], [Int32]) = ([], [], [])
    for writer in 0..<graph.writerCount {
      for reader in graph.readers(ofWriter: writer) {
        first.append(units.isOfEdges ? Int32(places.count) : ofReaders[reader])
        second.append(ofWriters[writer])
        places.append(Int32(reader * graph.writerCount + writer))
      }
    }
    (self.places, self.first, self.second) = (places, first, second)
    count =
      switch units {
      case .nodes: graph.logitsReader
      case .edges: places.count
      case .edgesAndWriters: places.count + graph.writerCount - 1
      case .writers: graph.writerCount - 1
      }
  }

  /// Which numbers are those of edges, or of writers, where both have some.
  func places(of kind: MaskUnits) -> Range<Int> {
    guard units == .edgesAndWriters else { return 0..<count }
    return kind == .writers ? graph.edgeCount..<count : 0..<graph.edgeCount
  }

  /// The mask of edges that numbers describe.
  package func mask(_ values: [Double]) -> EdgeMask {
    var columns = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for edge in places.indices {
      let (one, other) = (Int(first[edge]), Int(second[edge]))
      columns[Int(places[edge])] = Float(
        (one < 0 ? 1 : values[one]) * (other < 0 ? 1 : values[other]))
    }
    return EdgeMask(columns: columns, graph: graph)
  }

  /// The gradient with respect to the numbers, from that with respect to the mask `[writers, readers]`.
  package func gradient(_ mask: [Double], _ values: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: values.count)
    for edge in places.indices {
      let slope = mask[offset(edge)]
      let (one, other) = (Int(first[edge]), Int(second[edge]))
      if other >= 0 { sums[other] += slope * (one < 0 ? 1 : values[one]) }
      if one >= 0 { sums[one] += slope * (other < 0 ? 1 : values[other]) }
    }
    return sums
  }

  /// The scores of edges from scores of the numbers: of two the smaller one.
  package func scores(_ values: [Float]) -> EdgeScores {
    switch units {
    case .nodes: return EdgeScores(nodes: values, graph: graph)
    case .writers:
      let nodes = (0..<graph.logitsReader).map { reader in
        graph.writerIndices(behindReader: reader).map { values[$0 - 1] }.max() ?? 0
      }
      return EdgeScores(nodes: nodes, graph: graph)
    case .edges, .edgesAndWriters:
      var scores = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
      for edge in places.indices {
        let (one, other) = (Int(first[edge]), Int(second[edge]))
        scores[offset(edge)] = other < 0 ? values[one] : min(values[one], values[other])
      }
      return EdgeScores(scores, graph: graph)
    }
  }

  /// Where numbers start: alike, or by the rank of scores, the first of them higher by `log 2n`, the last lower.
  ///
  /// - Parameters:
  ///   - value: Where they start alike, and the middle of where they start otherwise.
  ///   - scores: What ranks them; nil for nothing.
  /// - Returns: A number for each.
  func start(at value: Double, by scores: EdgeScores?) -> [Double] {
    var start = [Double](repeating: value, count: count)
    guard let scores else { return start }
    let sizes = sizes(scores)
    let order = sizes.indices.sorted { (sizes[$0], $1) < (sizes[$1], $0) }
    for (rank, index) in order.enumerated() {
      start[index] += logOdds((Double(rank) + 0.5) / Double(count))
    }
    return start
  }

  /// For each number the largest magnitude among the scores of its edges.
  private func sizes(_ scores: EdgeScores) -> [Double] {
    var numbers = [Double](repeating: 0, count: count)
    for edge in places.indices {
      let score = abs(Double(scores.values[offset(edge)]))
      for number in [first[edge], second[edge]] where number >= 0 {
        numbers[Int(number)] = max(numbers[Int(number)], score)
      }
    }
    return numbers
  }

  /// An edge's place in a matrix `[writers, readers]`.
  private func offset(_ edge: Int) -> Int {
    let (reader, writer) = Int(places[edge]).quotientAndRemainder(dividingBy: graph.writerCount)
    return writer * graph.readerCount + reader
  }
}

extension MaskUnits {
  fileprivate var isOfEdges: Bool { self == .edges || self == .edgesAndWriters }
}
