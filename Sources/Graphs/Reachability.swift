/// The nodes of a graph that a walk along some of its edges comes to.
///
/// A reader is connected with the writers it takes in, and with those whose write depends on what it reads.
/// Edges only lead from earlier to later nodes, so that one visit of each reader is enough. Where heads share a norm,
/// each of them depends on the others' readers, too: see ``HeadCoupling``.
package struct Reachability {
  /// Whether a reader takes in a writer that it sees, both as indices.
  package typealias Takes = (_ reader: Int, _ writer: Int) -> Bool

  /// For each writer, whether the walk comes to it.
  package private(set) var writers: [Bool]
  /// For each reader, whether the walk comes to it.
  package private(set) var readers: [Bool]

  /// Comes to every node.
  package init(all graph: ComputationGraph) {
    writers = [Bool](repeating: true, count: graph.writerCount)
    readers = [Bool](repeating: true, count: graph.readerCount)
  }

  /// Walks forward: to all nodes that depend on some nodes, and those themselves.
  ///
  /// - Parameters:
  ///   - writers: For each writer, whether the walk starts there; nil for none.
  ///   - readers: For each reader, whether the walk starts there; nil for none.
  ///   - graph: The graph.
  ///   - takes: The edges that the walk follows.
  /// - Complexity: At most one question for each edge.
  package init(
    from writers: [Bool]? = nil, readers: [Bool]? = nil, in graph: ComputationGraph,
    along takes: Takes
  ) {
    var writers = writers ?? [Bool](repeating: false, count: graph.writerCount)
    var readers = readers ?? [Bool](repeating: false, count: graph.readerCount)
    for group in graph.readerGroups {
      let isReached = group.contains { reader in
        readers[reader]
          || (0..<graph.visibleWriterCount(ofReader: reader)).contains {
            writers[$0] && takes(reader, $0)
          }
      }
      guard isReached else { continue }
      for reader in group {
        readers[reader] = true
        for writer in graph.coupledWriters(behindReader: reader) { writers[writer] = true }
      }
    }
    (self.writers, self.readers) = (writers, readers)
  }

  /// Walks backward: to all nodes that some readers depend on, and those themselves.
  ///
  /// - Parameters:
  ///   - readers: For each reader, whether the walk starts there.
  ///   - graph: The graph.
  ///   - takes: The edges that the walk follows.
  /// - Complexity: At most one question for each edge.
  package init(
    to readers: [Bool], in graph: ComputationGraph, along takes: Takes
  ) {
    var writers = [Bool](repeating: false, count: graph.writerCount)
    var readers = readers
    for group in graph.readerGroups.reversed() {
      var isReached = group.contains { readers[$0] }
      for reader in group {
        let behind = graph.coupledWriters(behindReader: reader)
        guard behind.contains(where: { writers[$0] }) else { continue }
        isReached = true
        // Heads that share a norm are computed together.
        if graph.headCoupling != .none { for writer in behind { writers[writer] = true } }
      }
      guard isReached else { continue }
      for reader in group {
        readers[reader] = true
        for writer in 0..<graph.visibleWriterCount(ofReader: reader)
        where !writers[writer] && takes(reader, writer) {
          writers[writer] = true
        }
      }
    }
    (self.writers, self.readers) = (writers, readers)
  }

  /// Walks backward from `logits`: to all nodes that matter for it.
  package init(
    toLogitsOf graph: ComputationGraph, along takes: Takes
  ) {
    var readers = [Bool](repeating: false, count: graph.readerCount)
    readers[graph.logitsReader] = true
    self.init(to: readers, in: graph, along: takes)
  }
}
