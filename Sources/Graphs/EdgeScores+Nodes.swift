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

  /// Scores of edges from scores of heads and MLPs: an edge is as good as the worse of its two nodes.
  ///
  /// It has the smaller magnitude of the two, and is negative when either is. What is always kept counts like the best
  /// node. So the edges at a threshold are those between the nodes at the threshold, by magnitude and signed.
  ///
  /// - Parameter nodes: The scores of nodes, which ``nodes`` then has.
  public init(nodes: NodeScores) {
    let graph = nodes.graph
    let best = nodes.values.reduce(0) { max($0, $1.map { $0 == -.infinity ? 0 : abs($0) } ?? 0) }
    let writers = nodes.values.map { $0 ?? best }
    let magnitude = { (score: Float) in score == -.infinity ? score : abs(score) }
    // A key or value that several heads share is as good as the best of them.
    let readers = (0..<graph.readerCount).map { reader in
      graph.writerIndices(behindReader: reader).map { writers[$0] }
        .max { magnitude($0) < magnitude($1) } ?? best
    }
    var values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for (writer, score) in writers.enumerated() {
      for reader in graph.readers(ofWriter: writer) {
        let least = min(magnitude(score), magnitude(readers[reader]))
        let opposes = least > 0 && min(score, readers[reader]) < 0
        values[writer * graph.readerCount + reader] = opposes ? -least : least
      }
    }
    self.init(values, graph: graph)
    self.nodes = nodes
  }

  /// For each writer the sum over its edges, to first order the effect of ablating its write for every reader.
  public var sumsOfWriters: NodeScores {
    NodeScores(
      (0..<graph.writerCount).map { writer in
        let row = values[(writer * graph.readerCount)..<((writer + 1) * graph.readerCount)]
        return Float(row.reduce(0.0) { $1 == -.infinity ? $0 : $0 + Double($1) })
      }, graph: graph)
  }
}
