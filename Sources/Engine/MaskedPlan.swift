import Graphs

/// Which nodes a masked run computes: those that differ from a state and that matter.
///
/// A reader differs when an edge into it carries something else than before, at any token; a writer when one of
/// its readers does. Either matters when intact edges lead from it to `logits`.
struct MaskedPlan {
  /// For each writer, whether its write is computed.
  let writers: [Bool]
  /// For each reader, whether its read is computed; always for `logits`.
  private(set) var readers: [Bool]
  /// For each writer, whether it differs but does not matter.
  let staleWriters: [Bool]
  /// For each reader, whether it differs but does not matter.
  let staleReaders: [Bool]

  /// - Parameters:
  ///   - masks: The masks of the run.
  ///   - state: Where the run starts.
  ///   - isComplete: Whether every node matters, whatever the masks.
  init(_ masks: RunMasks, from state: MaskedState, isComplete: Bool) {
    let graph = masks.graph
    let mattering =
      isComplete
      ? Reachability(all: graph)
      : Reachability(toLogitsOf: graph, along: masks.takes)
    let pairs = masks.pairs(with: state.masks)
    let moved = (0..<graph.readerCount).map { reader in
      state.staleReaders[reader]
        || pairs.contains { now, before in
          zip(zip(now[column: reader], before[column: reader]), state.deltas).contains {
            $0.0 != $0.1 && $1 != nil
          }
        }
    }
    let different = Reachability(
      from: state.staleWriters, readers: moved, in: graph, along: masks.takes)
    writers = zip(different.writers, mattering.writers).map { $0 && $1 }
    readers = zip(different.readers, mattering.readers).map { $0 && $1 }
    readers[graph.logitsReader] = true
    staleWriters = zip(different.writers, mattering.writers).map { $0 && !$1 }
    staleReaders = zip(different.readers, mattering.readers).map { $0 && !$1 }
  }
}
