package import Graphs

/// What a method gives a score or a trained number of its own.
public enum MaskLevel: String, Sendable, CaseIterable {
  /// The query, key and value of each head and the write of each MLP.
  case nodes
  /// Every edge.
  case edges
}

extension MaskLevel {
  /// How many numbers there are.
  package func count(_ graph: ComputationGraph) -> Int {
    self == .nodes ? graph.logitsReader : graph.edgeCount
  }

  /// The mask of edges that numbers describe: an edge is as intact as the product of its ends.
  package func mask(_ values: [Double], _ graph: ComputationGraph) -> EdgeMask {
    var mask = EdgeMask(0, graph: graph)
    forEachEdge(graph) { writer, reader, factors in
      mask[writer: writer, reader: reader] = Float(factors.reduce(1) { $0 * values[$1] })
    }
    return mask
  }

  /// The gradient with respect to the numbers, from that with respect to the mask `[writers, readers]`.
  package func gradient(_ mask: [Double], _ values: [Double], _ graph: ComputationGraph) -> [Double]
  {
    var sums = [Double](repeating: 0, count: values.count)
    forEachEdge(graph) { writer, reader, factors in
      for factor in factors {
        let others = factors.reduce(1) { $1 == factor ? $0 : $0 * values[$1] }
        sums[factor] += mask[writer * graph.readerCount + reader] * others
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

  /// Visits all edges in canonical order, with the numbers whose product masks each.
  ///
  /// With nodes, a head's query, key and value mask what it reads, an MLP's number what it writes.
  private func forEachEdge(
    _ graph: ComputationGraph, _ visit: (_ writer: Int, _ reader: Int, _ factors: [Int]) -> Void
  ) {
    let ofReaders = graph.readers.enumerated().map { index, reader in
      if case .head = reader { [index] } else { [Int]() }
    }
    var edge = 0
    for (index, writer) in graph.writers.enumerated() {
      var ofWriter: [Int] = []
      if case .mlp(let layer) = writer { ofWriter = [graph.mlpReader(layer: layer)] }
      for reader in graph.readers(ofWriter: index) {
        visit(index, reader, self == .nodes ? ofWriter + ofReaders[reader] : [edge])
        edge += 1
      }
    }
  }
}
