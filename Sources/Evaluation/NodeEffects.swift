import Engine
public import Graphs
public import Tasks

/// What the model does without some heads and MLPs, all else intact.
public struct NodeEffect: Sendable {
  /// The nodes whose writes were ablated.
  public let nodes: [Writer]
  /// For each metric, what was measured.
  public let metrics: [Measured]

  /// One metric with and without the nodes.
  public struct Measured: Sendable, Equatable {
    /// The metric's name.
    public let name: String
    /// Of the full model.
    public let full: PromptValues
    /// Of the model without the nodes.
    public let ablated: PromptValues

    /// Takes what was measured.
    public init(name: String, full: PromptValues, ablated: PromptValues) {
      self.name = name
      self.full = full
      self.ablated = ablated
    }

    /// `m(M) − m(M without the nodes)` of each prompt: positive where they support the behaviour.
    ///
    /// Its standard error is that of the difference, which is smaller than those of its two sides suggest.
    public var effect: PromptValues {
      PromptValues(zip(full.values, ablated.values).map { $0 - $1 })
    }
  }

  /// Takes what was measured.
  public init(nodes: [Writer], metrics: [Measured]) {
    self.nodes = nodes
    self.metrics = metrics
  }
}

/// A node that was asked for and that the model lacks.
public struct UnknownNodeError: Error, Equatable, CustomStringConvertible {
  /// The node.
  public let node: Writer
  /// The model's layers, and the heads of each.
  public let layerCount: Int, headCount: Int

  /// One sentence for the user.
  public var description: String {
    """
    The model has no node "\(node)": it has \(layerCount) layers (numbers 0 to \(layerCount - 1)) of \
    \(headCount) heads (0 to \(headCount - 1)).
    """
  }
}

extension CircuitEvaluation {
  /// Ablates the writes of nodes for all that read them, one node at a time and then all together.
  ///
  /// An ablated write is what the scheme's ablation makes of it, at the scheme's positions; the scheme's
  /// granularity and part do not count. Nodes that only matter together, as when one stands in for the
  /// other, show little alone.
  ///
  /// - Parameters:
  ///   - nodes: Heads, MLPs or `input`; repeated ones count once.
  ///   - metrics: Metrics whose answers the task's pairs have; nil for all that there are.
  ///   - progress: Is told about every run.
  /// - Returns: One for each node, as given, and, where there are several, one for all together, last.
  /// - Throws: ``UnknownNodeError`` for the first node that the model lacks.
  /// - Complexity: One pass over the prompts, of one masked run for each result.
  public func effects(
    of nodes: [Writer], by metrics: [any Metric]? = nil,
    progress: RunProgress.Handler = { _ in }
  ) throws(UnknownNodeError) -> [NodeEffect] {
    let graph = model.graph
    var distinct: [Writer] = []
    for node in nodes where !distinct.contains(node) {
      guard graph.index(of: node) != nil else {
        throw UnknownNodeError(
          node: node, layerCount: graph.layerCount, headCount: graph.headCount)
      }
      distinct.append(node)
    }
    guard !distinct.isEmpty else { return [] }
    let groups = distinct.map { [$0] } + (distinct.count > 1 ? [distinct] : [])
    let metrics = metrics ?? task.allowedMetrics
    let measured = runs.measure(
      groups.map { scheme.keeping(Circuit(edgesOutOf: $0, of: graph).complement) }, by: metrics,
      progress: progress)
    return zip(groups, measured.values).map { group, values in
      NodeEffect(
        nodes: group,
        metrics: metrics.indices.map {
          NodeEffect.Measured(
            name: metrics[$0].name, full: measured.full[$0], ablated: values[$0])
        })
    }
  }
}

extension Circuit {
  /// All edges out of some nodes.
  fileprivate init(edgesOutOf nodes: [Writer], of graph: ComputationGraph) {
    self.init(
      offsets: nodes.compactMap(graph.index(of:)).flatMap(graph.edgeOffsets(ofWriter:)),
      graph: graph)
  }
}
