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
  ///   - mask: The mask of the run.
  ///   - reader: The reader whose column is changed.
  init(_ mask: EdgeMask, reader: Int) {
    let graph = mask.graph
    let behind = (0..<graph.readerCount).map(graph.writerIndices(behindReader:))
    let visible = (0..<graph.readerCount).map(graph.visibleWriterCount(ofReader:))
    let takes = { (reader: Int, writer: Int) in
      mask.values[writer * graph.readerCount + reader] != 0
    }
    var changes = [Bool](repeating: false, count: graph.writerCount)
    var moved = [Bool](repeating: false, count: graph.readerCount)
    for place in reader..<graph.readerCount {
      moved[place] =
        place == reader || (0..<visible[place]).contains { changes[$0] && takes(place, $0) }
      if moved[place] { for writer in behind[place] { changes[writer] = true } }
    }
    var matters = [Bool](repeating: false, count: graph.writerCount)
    var everywhere = matters
    for place in (0..<graph.readerCount).reversed() {
      let isLast = place == graph.logitsReader
      guard isLast || behind[place].contains(where: { matters[$0] }) else { continue }
      // Attention mixes tokens; MLPs and logits stay where they are.
      let isWhole = graph.isOfHead(reader: place) || behind[place].contains { everywhere[$0] }
      for writer in 0..<visible[place] where takes(place, writer) {
        matters[writer] = true
        everywhere[writer] = everywhere[writer] || isWhole
      }
    }
    let changed = changes.indices.map { changes[$0] && matters[$0] }
    writers = changed
    isWhole = everywhere
    let readers = moved.indices.map { place in
      moved[place]
        && (place == graph.logitsReader || behind[place].contains { matters[$0] })
    }
    self.readers = readers
    keepsEach = readers.indices.contains { place in
      readers[place] && place != reader
        && (0..<visible[place]).contains {
          changed[$0] && mask.values[$0 * graph.readerCount + place] != 1
        }
    }
  }
}

extension ComputationGraph {
  fileprivate func isOfHead(reader index: Int) -> Bool {
    guard case .head = reader(at: index) else { return false }
    return true
  }
}
