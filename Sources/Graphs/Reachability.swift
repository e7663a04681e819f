/// The nodes of a graph that a walk along some of its edges comes to.
///
/// A reader is connected with the writers it takes in, and with those whose write depends on what it reads.
/// Edges only lead from earlier to later nodes, so that one visit of each reader is enough.
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
    for reader in readers.indices {
      readers[reader] =
        readers[reader]
        || (0..<graph.visibleWriterCount(ofReader: reader)).contains {
          writers[$0] && takes(reader, $0)
        }
      guard readers[reader] else { continue }
      for writer in graph.writerIndices(behindReader: reader) { writers[writer] = true }
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
  package init(to readers: [Bool], in graph: ComputationGraph, along takes: Takes) {
    var writers = [Bool](repeating: false, count: graph.writerCount)
    var readers = readers
    for reader in readers.indices.reversed() {
      readers[reader] =
        readers[reader] || graph.writerIndices(behindReader: reader).contains { writers[$0] }
      guard readers[reader] else { continue }
      for writer in 0..<graph.visibleWriterCount(ofReader: reader)
      where !writers[writer] && takes(reader, writer) {
        writers[writer] = true
      }
    }
    (self.writers, self.readers) = (writers, readers)
  }

  /// Walks backward from `logits`: to all nodes that matter for it.
  package init(toLogitsOf graph: ComputationGraph, along takes: Takes) {
    var readers = [Bool](repeating: false, count: graph.readerCount)
    readers[graph.logitsReader] = true
    self.init(to: readers, in: graph, along: takes)
  }
}
