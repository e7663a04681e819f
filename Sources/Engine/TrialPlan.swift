import Graphs

/// What changes in a masked run when one reader's column of the mask does, and where it matters.
///
/// A writer changes when one of its readers does; a reader when a writer that it takes in does. Either
/// matters when intact edges lead from it to `logits`.
struct TrialPlan {
  /// For each writer, whether it changes and matters.
  let writers: [Bool]
  /// For each reader, whether it changes and matters; the tried one is among them.
  let readers: [Bool]
  /// For each writer, whether it matters at all tokens, not only where logits are read.
  let isWhole: [Bool]
  /// Whether some reader takes in a part of the changes, so that each is kept and not only their sum.
  let keepsEach: Bool

  /// - Parameters:
  ///   - masks: The masks of the run.
  ///   - reader: The reader whose column is changed.
  init(_ masks: RunMasks, reader: Int) {
    let (graph, takes) = (masks.graph, masks.takes)
    let tried = (0..<graph.readerCount).map { $0 == reader }
    let changing = Reachability(readers: tried, in: graph, along: takes)
    let mattering = Reachability(toLogitsOf: graph, along: takes)
    // Attention mixes tokens; MLPs and logits stay where they are.
    let mixing = mattering.readers.indices.map {
      mattering.readers[$0] && graph.isOfHead(reader: $0)
    }
    let writers = zip(changing.writers, mattering.writers).map { $0 && $1 }
    let readers = zip(changing.readers, mattering.readers).map { $0 && $1 }
    self.writers = writers
    self.readers = readers
    isWhole = Reachability(to: mixing, in: graph, along: takes).writers
    keepsEach = readers.indices.contains { place in
      readers[place] && place != reader
        && masks.masks.contains { zip(writers, $0[column: place]).contains { $0 && $1 != 1 } }
    }
  }
}

extension ComputationGraph {
  fileprivate func isOfHead(reader index: Int) -> Bool {
    guard case .head = reader(at: index) else { return false }
    return true
  }
}
