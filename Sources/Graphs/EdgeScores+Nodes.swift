extension EdgeScores {
  /// Scores of edges from scores of their ends: an edge is as good as the worse of the two.
  ///
  /// The nodes are those of head importance scores and of subnetwork probing: the query, key and value of
  /// each head, under the index of their reader, and the write of each MLP, under that of its reader. A head
  /// writes when any of its three is there; `input` and `logits` count like the best node. So the edges at a
  /// threshold are those between the nodes at the threshold (arXiv 2304.14997).
  ///
  /// - Parameters:
  ///   - nodes: A score for each reader but `logits`.
  ///   - graph: The graph.
  package init(nodes: [Float], graph: ComputationGraph) {
    precondition(nodes.count == graph.logitsReader, "\(nodes.count) scores of nodes")
    var writers = [Float](repeating: -.infinity, count: graph.writerCount)
    for (reader, score) in nodes.enumerated() {
      for writer in graph.writerIndices(behindReader: reader) {
        writers[writer] = max(writers[writer], score)
      }
    }
    let always = nodes.max() ?? 0
    writers[0] = always
    let readers = nodes + [always]
    var values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for (writer, score) in writers.enumerated() {
      for reader in graph.readers(ofWriter: writer) {
        values[writer * graph.readerCount + reader] = min(score, readers[reader])
      }
    }
    self.init(values, graph: graph)
  }
}
