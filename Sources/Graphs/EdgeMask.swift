/// How much of each edge is intact: 1 carries the current run's value, 0 the ablated one.
///
/// Runs take a mask reader by reader, and so it is held; files and scores have matrices `[writers, readers]`.
public struct EdgeMask: Sendable, Equatable {
  /// The graph whose edges are masked.
  public let graph: ComputationGraph
  /// The mask `[readers, writers]`; 0 where no edge exists.
  package private(set) var columns: [Float]

  /// A mask with one value for every edge.
  public init(_ value: Float, graph: ComputationGraph) {
    self.graph = graph
    columns = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    guard value != 0 else { return }
    for reader in 0..<graph.readerCount {
      for place in places(ofReader: reader) { columns[place] = value }
    }
  }

  /// Takes a mask in matrix order; values where the graph has no edge are set to 0.
  ///
  /// - Parameters:
  ///   - values: `[writers, readers]`.
  ///   - graph: The graph whose edges are masked.
  public init(_ values: [Float], graph: ComputationGraph) {
    self.init(0, graph: graph)
    precondition(values.count == columns.count, "\(values.count) values for \(columns.count)")
    for reader in 0..<graph.readerCount {
      for writer in 0..<graph.visibleWriterCount(ofReader: reader) {
        self[writer: writer, reader: reader] = values[writer * graph.readerCount + reader]
      }
    }
  }

  /// Takes a mask reader by reader, as ``columns`` gives it: 0 where no edge exists.
  package init(columns: [Float], graph: ComputationGraph) {
    precondition(
      columns.count == graph.writerCount * graph.readerCount,
      "\(columns.count) values for \(graph.writerCount) writers and \(graph.readerCount) readers")
    self.columns = columns
    self.graph = graph
  }

  /// The mask that keeps a circuit's edges and ablates all others.
  public init(_ circuit: Circuit) {
    self.init(0, graph: circuit.graph)
    for offset in circuit.offsets {
      let (writer, reader) = offset.quotientAndRemainder(dividingBy: graph.readerCount)
      self[writer: writer, reader: reader] = 1
    }
  }

  /// The mask in matrix order, `[writers, readers]`; 0 where no edge exists.
  ///
  /// - Complexity: O(writers · readers).
  public func values() -> [Float] {
    var values = [Float](repeating: 0, count: columns.count)
    for reader in 0..<graph.readerCount {
      for (writer, value) in self[column: reader].enumerated() {
        values[writer * graph.readerCount + reader] = value
      }
    }
    return values
  }

  /// The mask of a writer and a reader that sees it, both as indices; 0 where there is no edge.
  package subscript(writer writer: Int, reader reader: Int) -> Float {
    get { columns[reader * graph.writerCount + writer] }
    set { columns[reader * graph.writerCount + writer] = newValue }
  }

  /// A reader's mask, one number for each writer it sees; the first one's is at the slice's start index.
  package subscript(column reader: Int) -> ArraySlice<Float> {
    get { columns[places(ofReader: reader)] }
    set {
      precondition(newValue.count == graph.visibleWriterCount(ofReader: reader), "another reader's")
      columns.replaceSubrange(places(ofReader: reader), with: newValue)
    }
  }

  /// Where a reader's edges lie among ``columns``.
  private func places(ofReader reader: Int) -> Range<Int> {
    let first = reader * graph.writerCount
    return first..<(first + graph.visibleWriterCount(ofReader: reader))
  }

  /// Whether all edges into a layer's readers are intact.
  package func isIntact(inLayer layer: Int) -> Bool {
    graph.readers(ofLayer: layer).allSatisfy { self[column: $0].allSatisfy { $0 == 1 } }
  }

  /// The value of an edge, which must exist when it is set.
  public subscript(edge: Edge) -> Float {
    get { indices(of: edge).map { self[writer: $0.writer, reader: $0.reader] } ?? 0 }
    set {
      guard let (writer, reader) = indices(of: edge) else {
        preconditionFailure("the graph has no edge \(edge)")
      }
      self[writer: writer, reader: reader] = newValue
    }
  }

  private func indices(of edge: Edge) -> (writer: Int, reader: Int)? {
    graph.offset(of: edge).map { ($0 / graph.readerCount, $0 % graph.readerCount) }
  }
}
