package import Graphs

extension EdgeScores {
  /// Scores of edges by name; all others are 0.
  package init(_ values: [String: Float], graph: ComputationGraph) {
    var all = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for (name, value) in values {
      guard let offset = Edge(name).flatMap(graph.offset(of:)) else {
        preconditionFailure("the graph has no edge \(name)")
      }
      all[offset] = value
    }
    self.init(all, graph: graph)
  }
}
