import Graphs

/// What a method gives a score or a trained number of its own.
public enum MaskLevel: String, Sendable, CaseIterable {
  /// The query, key and value of each head and the write of each MLP.
  case nodes
  /// Every edge.
  case edges
}

extension MaskLevel {
  /// How many numbers there are.
  func count(_ graph: ComputationGraph) -> Int {
    self == .nodes ? graph.logitsReader : graph.edgeCount
  }

  /// The mask of edges that numbers describe: an edge is as intact as the product of its ends.
  func mask(_ values: [Double], _ graph: ComputationGraph) -> EdgeMask {
    var mask = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for (index, offset) in graph.edgeOffsets.enumerated() {
      let value = factors(index, offset, graph).reduce(1) { $0 * values[$1] }
      mask[offset] = Float(value)
    }
    return EdgeMask(mask, graph: graph)
  }

  /// The gradient with respect to the numbers, from that with respect to the mask `[writers, readers]`.
  func gradient(_ mask: [Double], _ values: [Double], _ graph: ComputationGraph) -> [Double] {
    var sums = [Double](repeating: 0, count: values.count)
    for (index, offset) in graph.edgeOffsets.enumerated() {
      let factors = factors(index, offset, graph)
      for factor in factors {
        let others = factors.reduce(1) { $1 == factor ? $0 : $0 * values[$1] }
        sums[factor] += mask[offset] * others
      }
    }
    return sums
  }

  /// The scores of edges from scores of the numbers.
  func scores(_ values: [Float], _ graph: ComputationGraph) -> EdgeScores {
    switch self {
    case .nodes: return EdgeScores(nodes: values, graph: graph)
    case .edges:
      var scores = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
      for (index, offset) in graph.edgeOffsets.enumerated() { scores[offset] = values[index] }
      return EdgeScores(scores, graph: graph)
    }
  }

  /// The numbers whose product masks an edge.
  ///
  /// With nodes, a head's query, key and value mask what it reads, an MLP's number what it writes.
  private func factors(_ index: Int, _ offset: Int, _ graph: ComputationGraph) -> [Int] {
    guard self == .nodes else { return [index] }
    let (writer, reader) = offset.quotientAndRemainder(dividingBy: graph.readerCount)
    var factors: [Int] = []
    if case .mlp(let layer) = graph.writer(at: writer) {
      factors.append(graph.mlpReader(layer: layer))
    }
    if case .head = graph.reader(at: reader) { factors.append(reader) }
    return factors
  }
}
