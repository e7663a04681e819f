public import Evaluation
public import Graphs

/// A circuit at spans of the prompts, against circuits at all tokens.
public struct SpanReport: Sendable {
  /// What circuits of one size do.
  public struct Size: Sendable {
    /// Edges at spans: an edge counts once for each span.
    public let edgeCount: Int
    /// The circuit of the best edges at spans.
    public let positioned: Faithfulness
    /// How many edges are as many edges at spans when they are intact at all of them.
    public let wholeCount: Int
    /// The circuit of the best so many edges at all tokens.
    public let whole: Faithfulness

    /// Takes what was measured.
    public init(edgeCount: Int, positioned: Faithfulness, wholeCount: Int, whole: Faithfulness) {
      self.edgeCount = edgeCount
      self.positioned = positioned
      self.wholeCount = wholeCount
      self.whole = whole
    }
  }

  /// The scores of edges at each span.
  public let scores: SpanScores
  /// How edges were ranked.
  public let ranking: EdgeScores.Ranking
  /// The circuit, of as many edges at spans as the run's circuit has edges.
  public let circuit: SpanCircuit
  /// What stands at each span of the first prompt, as text.
  public let examples: [String]
  /// What circuits of several sizes do, the smallest first.
  public let sizes: [Size]
  /// The prompts that circuits were measured on.
  public let prompts: String
  /// Whether those are others than circuits were found on.
  public let isHeldOut: Bool
  /// What heads carry from span to span, by magnitude; none where the metric has no gradient on the clean run.
  public let crossings: [SpanCrossing]

  /// Takes what was found.
  public init(
    scores: SpanScores, ranking: EdgeScores.Ranking, circuit: SpanCircuit, examples: [String],
    sizes: [Size], prompts: String, isHeldOut: Bool, crossings: [SpanCrossing]
  ) {
    self.scores = scores
    self.ranking = ranking
    self.circuit = circuit
    self.examples = examples
    self.sizes = sizes
    self.prompts = prompts
    self.isHeldOut = isHeldOut
    self.crossings = crossings
  }

  /// An edge of the circuit at one of its spans.
  struct Link {
    let span: Int
    let edge: Edge
    let score: Float
  }

  /// The circuit's edges at their spans, best first.
  var links: [Link] {
    let graph = scores.graph
    let all = circuit.circuits.enumerated().flatMap { span, circuit in
      circuit.offsets.map { (span: span, offset: $0, key: scores.parts[span].key($0, ranking)) }
    }
    return all.sorted { ($1.key, $0.span, $0.offset) < ($0.key, $1.span, $1.offset) }.map {
      Link(
        span: $0.span, edge: graph.edge(at: $0.offset),
        score: scores.parts[$0.span].values[$0.offset]
      )
    }
  }

  /// What heads carry between spans that a head of the circuit reads at and writes at, by magnitude.
  var ownCrossings: [SpanCrossing] {
    let heads = Set(circuit.circuits.flatMap(\.writers))
    return crossings.filter { heads.contains($0.head) && $0.source != $0.target }
  }

  /// The circuit drawn with spans as columns.
  public func drawing(title: String, caption: String) -> SpanDrawing {
    SpanDrawing(self, title: title, caption: caption)
  }
}
