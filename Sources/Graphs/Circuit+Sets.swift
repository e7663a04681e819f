extension Circuit {
  /// All edges of the graph that the circuit lacks.
  public var complement: Circuit {
    let members = Set(offsets)
    return Circuit(
      offsets: graph.edgeOffsets.filter { !members.contains($0) }, graph: graph)
  }

  /// The edges of this circuit that another one of the same graph has, too.
  public func intersection(_ other: Circuit) -> Circuit {
    let members = Set(other.offsets)
    return Circuit(offsets: offsets.filter(members.contains), graph: graph)
  }

  /// The edges of this circuit that another one of the same graph lacks.
  public func subtracting(_ other: Circuit) -> Circuit {
    let members = Set(other.offsets)
    return Circuit(offsets: offsets.filter { !members.contains($0) }, graph: graph)
  }

  /// A random circuit with as many edges between each pair of layers.
  ///
  /// `input` counts as a layer below all others, `logits` as one above.
  ///
  /// - Parameter generator: Where random choices come from.
  /// - Returns: A circuit of the same size and per-layer profile.
  public func randomOfSameProfile(using generator: inout some RandomNumberGenerator) -> Circuit {
    let counts = Dictionary(grouping: offsets, by: graph.layers(ofEdge:)).mapValues(\.count)
    let pools = Dictionary(grouping: graph.edgeOffsets, by: graph.layers(ofEdge:))
    let chosen = counts.keys.sorted().flatMap { layers in
      (pools[layers] ?? []).shuffled(using: &generator).prefix(counts[layers] ?? 0)
    }
    return Circuit(offsets: chosen, graph: graph)
  }
}

extension ComputationGraph {
  /// The layers that an edge leads from and to, as one number.
  fileprivate func layers(ofEdge offset: Int) -> Int {
    let from = (offset / readerCount + layerWriterCount - 1) / layerWriterCount
    return from * (layerCount + 1) + layer(ofReader: offset % readerCount)
  }
}
