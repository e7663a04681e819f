import Engine
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

  /// What is done to the model to measure circuits, of which each prompt has its own.
  ///
  /// - Parameters:
  ///   - circuits: Circuits of one graph.
  ///   - places: For each prompt of the task the place of its circuit.
  /// - Returns: The intervention.
  public func intervention(on circuits: [Circuit], ofPrompts places: [Int]) -> Intervention {
    Intervention(
      masks: circuits.map { EdgeMask(intactEdges($0)) }, ofPrompts: places, ablation: ablation,
      positions: positions)
  }

  /// What is done to the model to measure a circuit at spans of the prompts, with edges ablated one by one.
  ///
  /// - Parameters:
  ///   - circuit: The circuit.
  ///   - spans: The same spans of the task's prompts.
  /// - Returns: The intervention.
  func intervention(on circuit: SpanCircuit, at spans: PromptSpans) -> Intervention {
    Intervention(masks: circuit.circuits.map { EdgeMask($0) }, ofSpans: spans, ablation: ablation)
  }

  /// The intervention that leaves just some edges intact.
  func keeping(_ edges: Circuit) -> Intervention {
    Intervention(mask: EdgeMask(edges), ablation: ablation, positions: positions)
  }
}

/// One way to run a task: which edges are ablated, by what, and where.
public struct Intervention: Sendable {
  /// The masks, over one graph: 1 where an edge is intact, 0 where it is ablated.
  public let masks: [EdgeMask]
  private let places: Places
  /// What an ablated edge carries.
  public var ablation: Ablation
  /// At which tokens.
  public var positions: AblatedPositions

  /// Describes a run.
  public init(
    mask: EdgeMask, ablation: Ablation = .resample, positions: AblatedPositions = .all
  ) {
    self.init(masks: [mask], places: .first, ablation: ablation, positions: positions)
  }

  /// Describes a run in which prompts have masks of their own.
  ///
  /// - Parameters:
  ///   - masks: The masks, over one graph.
  ///   - places: For each prompt of the task the place of its mask.
  ///   - ablation: What an ablated edge carries.
  ///   - positions: At which tokens.
  public init(
    masks: [EdgeMask], ofPrompts places: [Int], ablation: Ablation = .resample,
    positions: AblatedPositions = .all
  ) {
    precondition(places.allSatisfy(masks.indices.contains), "a place without a mask")
    self.init(masks: masks, places: .prompts(places), ablation: ablation, positions: positions)
  }

  /// Describes a run in which spans of the prompts have masks of their own, at all tokens.
  ///
  /// - Parameters:
  ///   - masks: For each span its mask, over one graph.
  ///   - spans: The spans of the task's prompts.
  ///   - ablation: What an ablated edge carries.
  public init(masks: [EdgeMask], ofSpans spans: PromptSpans, ablation: Ablation = .resample) {
    precondition(masks.count == spans.names.count, "\(masks.count) masks of \(spans.names.count)")
    self.init(masks: masks, places: .spans(spans), ablation: ablation, positions: .all)
  }

  /// Which mask a token has.
  private enum Places: Sendable {
    /// All have the first one.
    case first
    /// For each prompt of the task the place of its mask.
    case prompts([Int])
    /// That of its span.
    case spans(PromptSpans)
  }

  private init(
    masks: [EdgeMask], places: Places, ablation: Ablation, positions: AblatedPositions
  ) {
    self.masks = masks
    self.places = places
    self.ablation = ablation
    self.positions = positions
  }

  var graph: ComputationGraph { masks[0].graph }

  /// The masks of the tokens of some of the task's prompts.
  ///
  /// - Parameters:
  ///   - batch: The prompts.
  ///   - first: The place of the first of them among all of the task.
  /// - Returns: A mask for each token.
  func masks(of batch: PairBatch, from first: Int) -> RunMasks {
    switch places {
    case .first: positions.masks([masks[0]], in: batch)
    case .prompts(let places):
      positions.masks(places[first..<(first + batch.promptCount)].map { masks[$0] }, in: batch)
    case .spans(let spans): RunMasks(masks, segments: spans.segments(of: batch, from: first))
    }
  }
}
