extension Circuit {
  /// All edges between some nodes and into `logits`.
  ///
  /// - Parameters:
  ///   - isMember: For each writer, whether it is one of the nodes.
  ///   - graph: The graph.
  init(nodes isMember: [Bool], graph: ComputationGraph) {
    let reads = (0..<graph.readerCount).map { reader in
      reader == graph.logitsReader
        || graph.writerIndices(behindReader: reader).contains { isMember[$0] }
    }
    self.init(
      offsets: isMember.indices.filter { isMember[$0] }.flatMap { writer in
        graph.readers(ofWriter: writer).filter { reads[$0] }.map {
          writer * graph.readerCount + $0
        }
      }, graph: graph)
  }

  /// For each writer, whether it is one of the circuit's ``writers``.
  package var isMember: [Bool] {
    var isMember = [Bool](repeating: false, count: graph.writerCount)
    for offset in offsets { isMember[offset / graph.readerCount] = true }
    for reader in Set(offsets.map { $0 % graph.readerCount }) {
      for writer in graph.writerIndices(behindReader: reader) { isMember[writer] = true }
    }
    return isMember
  }
}

// Ablating nodes --------------------------------------------------------------------------------

extension Circuit {
  /// All edges out of the circuit's nodes and `input`: those that stay when all other nodes are ablated.
  ///
  /// Nothing for the empty circuit.
  package var edgesOutOfNodes: Circuit {
    var isMember = isMember
    isMember[0] = !offsets.isEmpty
    return Circuit(
      offsets: isMember.indices.filter { isMember[$0] }.flatMap(graph.edgeOffsets(ofWriter:)),
      graph: graph)
  }

  /// The circuit without the edges out of `input`.
  package var subtractingInput: Circuit {
    Circuit(offsets: offsets.filter { $0 >= graph.readerCount }, graph: graph)
  }

  /// For each of the circuit's edges, a circuit of it alone, in canonical order.
  package var singleEdges: [(name: String, edges: Circuit)] {
    offsets.map { ("\(graph.edge(at: $0))", Circuit(offsets: [$0], graph: graph)) }
  }

  /// For each of the circuit's heads and MLPs, all edges out of it, in canonical order.
  package var edgesOutOfEachNode: [(name: String, edges: Circuit)] {
    writers.compactMap { writer in
      guard writer != .input, let index = graph.index(of: writer) else { return nil }
      return (
        "\(writer)", Circuit(offsets: graph.edgeOffsets(ofWriter: index), graph: graph)
      )
    }
  }

  /// All edges of several circuits of this one's graph.
  package func union(of others: [Circuit]) -> Circuit {
    Circuit(offsets: Set(others.flatMap(\.offsets)), graph: graph)
  }
}
