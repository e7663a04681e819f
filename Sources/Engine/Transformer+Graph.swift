public import Graphs

extension Transformer {
  /// The model's graph, with a key and a value reader for every head.
  public var graph: ComputationGraph { graph(groupsKeysAndValues: false) }

  /// The graphs of this model: with a key and value reader for each head, and with shared ones.
  public var graphs: [ComputationGraph] {
    configuration.keyValueHeadCount == configuration.headCount
      ? [graph] : [graph, graph(groupsKeysAndValues: true)]
  }

  /// The graph of this model.
  ///
  /// - Parameter groupsKeysAndValues: Whether heads that share a key or value share its reader;
  ///   otherwise every head has its own, as in the EAP-IG package.
  /// - Returns: The graph of writers and readers.
  public func graph(groupsKeysAndValues: Bool) -> ComputationGraph {
    ComputationGraph(
      layerCount: configuration.layerCount, headCount: configuration.headCount,
      keyValueReaderCount: groupsKeysAndValues
        ? configuration.keyValueHeadCount : configuration.headCount,
      isParallel: configuration.isParallel, hasMLPs: configuration.hasMLPs,
      headCoupling: headCoupling, dModel: configuration.dModel)
  }

  /// How heads of a layer depend on each other beside edges.
  private var headCoupling: HeadCoupling {
    let spansHeads = zip(weights.blocks, configuration.layers).contains { block, variant in
      variant.headNormSpan == .layer
        && (block.attention.queryNorm != nil || block.attention.keyNorm != nil)
    }
    if spansHeads { return .inputs }
    return weights.blocks.contains { $0.attentionOutputNorm != nil } ? .writes : .none
  }
}
