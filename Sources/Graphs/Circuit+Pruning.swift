extension Circuit {
  /// The circuit without dangling nodes: those that `input` does not reach or that do not reach `logits`.
  ///
  /// Dropping nodes without an edge in or out until none is left ends in the same circuit, since
  /// edges only lead forward. A head is reached when any of its queries, keys or values is.
  ///
  /// - Complexity: O(E + writers · readers).
  public func pruned() -> Circuit {
    let readerCount = graph.readerCount
    let behind = (0..<readerCount).map(graph.writerIndices(behindReader:))

    // Edges in canonical order go from earlier to later writers, so one pass each way is enough.
    var reached = [Bool](repeating: false, count: graph.writerCount)
    reached[0] = true
    for offset in offsets where reached[offset / readerCount] {
      for writer in behind[offset % readerCount] { reached[writer] = true }
    }
    var useful = [Bool](repeating: false, count: graph.writerCount)
    let isUseful = { (reader: Int, useful: [Bool]) in
      reader == graph.logitsReader || behind[reader].contains { useful[$0] }
    }
    for offset in offsets.reversed() where isUseful(offset % readerCount, useful) {
      useful[offset / readerCount] = true
    }
    return Circuit(
      offsets: offsets.filter {
        reached[$0 / readerCount] && isUseful($0 % readerCount, useful)
      }, graph: graph)
  }
}
