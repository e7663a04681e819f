public import Graphs
public import Tasks

/// The choices of method on which the score of a circuit depends (arXiv 2407.08734).
public struct AblationScheme: Sendable, Hashable {
  /// What is ablated as a whole.
  public enum Granularity: String, Sendable, CaseIterable {
    /// Each edge by itself.
    case edges
    /// The writes of nodes, for all readers alike: a head or MLP is in the circuit when an edge of the
    /// circuit starts or ends at it. `input` is no component: it is ablated only for the empty circuit.
    case nodes
  }

  /// Which part of the model is ablated.
  public enum Part: String, Sendable, CaseIterable {
    /// Everything but the circuit: does the circuit suffice?
    case complement
    /// The circuit itself: is it necessary, does the rest do without?
    case circuit
  }

  /// What an ablated edge carries.
  public var ablation: Ablation
  /// What is ablated as a whole.
  public var granularity: Granularity
  /// Which part of the model is ablated.
  public var part: Part
  /// At which tokens.
  public var positions: AblatedPositions

  /// A scheme; by default edges outside of the circuit carry corrupted values at all tokens.
  public init(
    _ ablation: Ablation = .resample, granularity: Granularity = .edges,
    part: Part = .complement, positions: AblatedPositions = .all
  ) {
    self.ablation = ablation
    self.granularity = granularity
    self.part = part
    self.positions = positions
  }

  /// What tables call the scheme: granularity, ablation, positions.
  public var labels: [String] {
    [granularity.rawValue, ablation.rawValue, positions.description]
  }

  /// What is done to the model to measure a circuit.
  public func intervention(on circuit: Circuit) -> Intervention {
    keeping(intactEdges(circuit))
  }

  /// The intervention that ablates every edge.
  public func everyEdge(of graph: ComputationGraph) -> Intervention {
    Intervention(mask: EdgeMask(0, graph: graph), ablation: ablation, positions: positions)
  }

  private func intactEdges(_ circuit: Circuit) -> Circuit {
    let kept = edges(of: circuit)
    return switch (part, granularity) {
    case (.complement, _): kept
    case (.circuit, .edges): kept.complement
    case (.circuit, .nodes): kept.subtractingInput.complement
    }
  }

  /// The edges that are intact when everything else is ablated: the circuit's, or all out of its nodes.
  func edges(of circuit: Circuit) -> Circuit {
    granularity == .edges ? circuit : circuit.edgesOutOfNodes
  }

  /// What can be ablated as a whole: the circuit's edges, or all edges out of each of its heads and MLPs.
  func parts(of circuit: Circuit) -> [(name: String, edges: Circuit)] {
    granularity == .edges ? circuit.singleEdges : circuit.edgesOutOfEachNode
  }

  /// The intervention that leaves just some edges intact.
  func keeping(_ edges: Circuit) -> Intervention {
    Intervention(mask: EdgeMask(edges), ablation: ablation, positions: positions)
  }
}

/// One way to run a task: which edges are ablated, by what, and where.
public struct Intervention: Sendable {
  /// 1 where an edge is intact, 0 where it is ablated.
  public var mask: EdgeMask
  /// What an ablated edge carries.
  public var ablation: Ablation
  /// At which tokens.
  public var positions: AblatedPositions

  /// Describes a run.
  public init(
    mask: EdgeMask, ablation: Ablation = .resample, positions: AblatedPositions = .all
  ) {
    self.mask = mask
    self.ablation = ablation
    self.positions = positions
  }
}
