/// How much of each edge is intact: 1 carries the current run's value, 0 the ablated one.
public struct EdgeMask: Sendable, Equatable {
  /// The graph whose edges are masked.
  public let graph: ComputationGraph
  /// The mask `[writers, readers]`; 0 where no edge exists.
  public private(set) var values: [Float]

  /// A mask with one value for every edge.
  public init(_ value: Float, graph: ComputationGraph) {
    self.graph = graph
    values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    guard value != 0 else { return }
    for writer in 0..<graph.writerCount {
      for offset in graph.edgeOffsets(ofWriter: writer) { values[offset] = value }
    }
  }

  /// Takes a mask in matrix order; values where the graph has no edge are set to 0.
  ///
  /// - Parameters:
  ///   - values: `[writers, readers]`.
  ///   - graph: The graph whose edges are masked.
  public init(_ values: [Float], graph: ComputationGraph) {
    self.init(0, graph: graph)
    precondition(
      values.count == self.values.count, "\(values.count) values for \(self.values.count)")
    for writer in 0..<graph.writerCount {
      let row = graph.edgeOffsets(ofWriter: writer)
      self.values.replaceSubrange(row, with: values[row])
    }
  }

  /// The mask that keeps a circuit's edges and ablates all others.
  public init(_ circuit: Circuit) {
    self.init(0, graph: circuit.graph)
    for offset in circuit.offsets { values[offset] = 1 }
  }

  /// The mask of a writer and a reader, both as indices; 0 where there is no edge.
  package subscript(writer writer: Int, reader reader: Int) -> Float {
    values[writer * graph.readerCount + reader]
  }

  /// A reader's mask, one number for each writer it sees.
  package subscript(column reader: Int) -> [Float] {
    get {
      (0..<graph.visibleWriterCount(ofReader: reader)).map {
        values[$0 * graph.readerCount + reader]
      }
    }
    set {
      precondition(newValue.count == graph.visibleWriterCount(ofReader: reader), "another reader's")
      for (writer, value) in newValue.enumerated() {
        values[writer * graph.readerCount + reader] = value
      }
    }
  }

  /// Whether all edges into a layer's readers are intact.
  package func isIntact(inLayer layer: Int) -> Bool {
    graph.readers(ofLayer: layer).allSatisfy { self[column: $0].allSatisfy { $0 == 1 } }
  }

  /// The value of an edge, which must exist when it is set.
  public subscript(edge: Edge) -> Float {
    get { graph.offset(of: edge).map { values[$0] } ?? 0 }
    set {
      guard let offset = graph.offset(of: edge) else {
        preconditionFailure("the graph has no edge \(edge)")
      }
      values[offset] = newValue
    }
  }
}
