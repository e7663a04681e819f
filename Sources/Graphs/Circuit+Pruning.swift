extension Circuit {
  /// The circuit without dangling nodes: those that `input` does not reach or that do not reach `logits`.
  ///
  /// Dropping nodes without an edge in or out until none is left ends in the same circuit, since
  /// edges only lead forward. A head is reached when any of its queries, keys or values is, and, where heads share a
  /// norm (``ComputationGraph/headCoupling``), when any of its layer's is: then edges into a head stay as long as
  /// another head of the layer reaches `logits`. With resampling, a circuit and the pruned one have the same logits.
  ///
  /// - Complexity: O(writers · readers).
  public func pruned() -> Circuit {
    let mask = EdgeMask(self)
    let isKept = { (reader: Int, writer: Int) in mask[writer: writer, reader: reader] != 0 }
    var input = [Bool](repeating: false, count: graph.writerCount)
    input[0] = true
    let reached = Reachability(from: input, in: graph, along: isKept)
    let useful = Reachability(toLogitsOf: graph, along: isKept)
    return Circuit(
      offsets: offsets.filter {
        reached.writers[$0 / graph.readerCount] && useful.readers[$0 % graph.readerCount]
      }, graph: graph)
  }
}
