import Graphs

/// Which nodes a masked run computes: those that differ from a state and that matter.
///
/// A reader differs when an edge into it carries something else than before; a writer when one of
/// its readers does. Either matters when intact edges lead from it to `logits`.
struct MaskedPlan {
  /// For each writer, whether its write is computed.
  private(set) var writers: [Bool]
  /// For each reader, whether its read is computed; always for `logits`.
  private(set) var readers: [Bool]
  /// For each writer, whether it differs but does not matter.
  private(set) var staleWriters: [Bool]
  /// For each reader, whether it differs but does not matter.
  private(set) var staleReaders: [Bool]

  /// - Parameters:
  ///   - mask: The mask of the run.
  ///   - state: Where the run starts.
  ///   - isComplete: Whether every node matters, whatever the mask.
  init(_ mask: EdgeMask, from state: MaskedState, isComplete: Bool) {
    let graph = mask.graph
    let behind = (0..<graph.readerCount).map(graph.writerIndices(behindReader:))
    let visible = (0..<graph.readerCount).map(graph.visibleWriterCount(ofReader:))
    let value = { (mask: EdgeMask, writer: Int, reader: Int) in
      mask.values[writer * graph.readerCount + reader]
    }

    var matters = [Bool](repeating: isComplete, count: graph.writerCount)
    if !isComplete {
      for reader in (0..<graph.readerCount).reversed()
      where reader == graph.logitsReader || behind[reader].contains(where: { matters[$0] }) {
        for writer in 0..<visible[reader] where value(mask, writer, reader) != 0 {
          matters[writer] = true
        }
      }
    }

    var differs = state.staleWriters
    var moved = state.staleReaders
    for reader in 0..<graph.readerCount {
      moved[reader] =
        moved[reader]
        || (0..<visible[reader]).contains { writer in
          let now = value(mask, writer, reader)
          return now != 0 && differs[writer]
            || now != value(state.mask, writer, reader) && state.deltas[writer] != nil
        }
      if moved[reader] { for writer in behind[reader] { differs[writer] = true } }
    }
    let mattering = behind.map { $0.contains { matters[$0] } }
    staleReaders = moved.indices.map { moved[$0] && !mattering[$0] }
    staleWriters = differs.indices.map { differs[$0] && !matters[$0] }
    writers = differs.indices.map { differs[$0] && matters[$0] }
    readers = moved.indices.map { moved[$0] && mattering[$0] }
    readers[graph.logitsReader] = true
  }
}
