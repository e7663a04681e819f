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
    for offset in graph.edgeOffsets { values[offset] = value }
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
    for offset in graph.edgeOffsets { self.values[offset] = values[offset] }
  }

  /// The mask that keeps a circuit's edges and ablates all others.
  public init(_ circuit: Circuit) {
    self.init(0, graph: circuit.graph)
    for offset in circuit.offsets { values[offset] = 1 }
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
    let readers = graph.headReaders(layer: layer).lowerBound...graph.mlpReader(layer: layer)
    return readers.allSatisfy { reader in
      (0..<graph.visibleWriterCount(ofReader: reader)).allSatisfy {
        values[$0 * graph.readerCount + reader] == 1
      }
    }
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
