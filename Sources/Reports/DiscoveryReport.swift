public import Evaluation
public import Graphs

/// Everything that a report of a discovered circuit says.
public struct DiscoveryReport: Sendable {
  /// A line about the model, the task and the method.
  public struct Heading: Sendable {
    /// The model, with its size.
    public let model: String
    /// The task, with the number of prompts and the seed.
    public let task: String
    /// The method, with its options and the ablation.
    public var method: String
    /// The metric's name.
    public let metric: String

    /// Takes the lines as they are shown.
    public init(model: String, task: String, method: String, metric: String) {
      self.model = model
      self.task = task
      self.method = method
      self.metric = metric
    }
  }

  /// A circuit as it was measured, and on which prompts.
  public struct Measured: Sendable {
    /// What is said of the prompts.
    public let prompts: String
    /// Whether the circuit was found on other ones.
    public let isHeldOut: Bool
    /// The search that decided on the circuit's size; nil when it was given.
    public let size: KeptCircuit?
    /// The circuit by the task's own metric, first, and by all others that the task allows.
    public let metrics: [(name: String, faithfulness: Faithfulness)]
    /// The circuit on the prompts that it was found on; nil when ``metrics`` are of those.
    public let inSample: Faithfulness?
    /// The heads and MLPs on paths from input to logits, with their direct effects by the task's own metric.
    public let nodes: [CircuitNode]

    /// Takes what was measured; ``metrics`` start with the task's own.
    public init(
      prompts: String, isHeldOut: Bool, size: KeptCircuit?,
      metrics: [(name: String, faithfulness: Faithfulness)], inSample: Faithfulness? = nil,
      nodes: [CircuitNode] = []
    ) {
      precondition(!metrics.isEmpty, "a circuit that no metric measured")
      self.prompts = prompts
      self.isHeldOut = isHeldOut
      self.size = size
      self.metrics = metrics
      self.inSample = inSample
      self.nodes = nodes
    }

    /// What it does, by the task's own metric.
    public var faithfulness: Faithfulness { metrics[0].faithfulness }
    /// What the numbers do not say by themselves.
    public var caveats: [Caveat] {
      Caveat.all(by: metrics[0].name, of: metrics, inSample: inSample)
    }
  }

  /// What was run.
  public let heading: Heading
  /// The score of every edge.
  public let scores: EdgeScores
  /// The circuit.
  public let circuit: Circuit
  /// How edges were ranked.
  public let ranking: EdgeScores.Ranking
  /// What the circuit does.
  public let measured: Measured
  /// The metric of the full model, the empty circuit and the circuit.
  public var faithfulness: Faithfulness { measured.faithfulness }
  /// The share of prompts that the full model answers right, if the task has wrong answers.
  public let accuracy: Double?
  /// How far the method's integral has converged; nil when it has none.
  public let integral: IntegralGap?
  /// The circuits of single prompts; nil when they were not asked for.
  public let prompts: PromptReport?
  /// The circuit at spans of the prompts; nil when it was not asked for.
  public let spans: SpanReport?

  /// Takes what was found.
  public init(
    heading: Heading, scores: EdgeScores, circuit: Circuit, ranking: EdgeScores.Ranking,
    measured: Measured, accuracy: Double?, integral: IntegralGap? = nil,
    prompts: PromptReport? = nil, spans: SpanReport? = nil
  ) {
    self.heading = heading
    self.scores = scores
    self.circuit = circuit
    self.ranking = ranking
    self.measured = measured
    self.accuracy = accuracy
    self.integral = integral
    self.prompts = prompts
    self.spans = spans
  }

  /// What the circuit does, its heads and MLPs, and its edges, for a terminal.
  public func text(on page: Page = Page()) -> String {
    [
      ([measureTable.text(on: page), pruningLine, measuredLine] + [integralLine].compactMap(\.self))
        .joined(separator: "\n"), metricText(on: page),
      nodeTable.text(on: page), scores.nodes?.table(page.rows).text(on: page),
      topEdges(page.rows).text(on: page), prompts?.text(on: page),
      spans?.text(on: page),
    ].compactMap(\.self).joined(separator: "\n\n")
  }

  /// The circuit's heads and MLPs.
  public var nodeTable: NodeTable {
    NodeTable(measured.nodes.map { NodeRecord($0) }, metric: heading.metric)
  }

  /// The circuit's edges that are best by the ranking, as a table.
  public func topEdges(_ count: Int) -> TextTable {
    var table = TextTable(["rank": .right, "edge": .left, "score": .right, "": .left])
    let pruned = circuit.pruned()
    for (index, top) in scores.top(of: circuit, by: ranking).prefix(count).enumerated() {
      table.add(
        "\(index + 1)", "\(top.edge)", Numbers.signed(Double(top.score)),
        pruned.contains(top.edge) ? "" : "off every path")
    }
    return table
  }

  /// What was measured of one circuit.
  struct Measure {
    let name: String
    let edges: Int
    let metric: Double
    let faithfulness: Double
  }

  /// The full model, the circuit and the empty circuit.
  var measures: [Measure] {
    [
      Measure(
        name: "full model", edges: circuit.graph.edgeCount, metric: faithfulness.full.mean,
        faithfulness: 1),
      Measure(
        name: "circuit", edges: circuit.edgeCount, metric: faithfulness.circuit.mean,
        faithfulness: faithfulness.value),
      Measure(name: "empty circuit", edges: 0, metric: faithfulness.empty.mean, faithfulness: 0),
    ]
  }

  /// What was measured, as a table.
  public var measureTable: TextTable {
    var table = TextTable([
      "run": .left, "edges": .right, heading.metric: .right, "faithfulness": .right,
      "± s.e.": .right,
    ])
    for measure in measures {
      let error = measure.name == "circuit" ? faithfulness.standardError : nil
      table.add(
        measure.name, Numbers.count(measure.edges), Numbers.fixed(measure.metric),
        Numbers.percent(measure.faithfulness), error.map(Numbers.percent) ?? "")
    }
    return table
  }

  /// How far the method's integral has converged, in words; nil when it has none.
  public var integralLine: String? {
    integral.map {
      """
      the integral: scores of edges out of input sum to \(Numbers.fixed($0.sum)), \(Numbers.percent($0.share)) of what \
      full and empty differ by
      """
    }
  }

  /// On which prompts the circuit was measured, and how sure its size is.
  public var measuredLine: String {
    let place =
      measured.isHeldOut
      ? "measured on \(measured.prompts): held out"
      : "measured in sample, on the prompts that it was found on; \"edgewise evaluate\" takes others"
    guard let kept = measured.size else { return place }
    let range = kept.interval.map {
      " (95 % of resampled prompts: \(Numbers.percent($0.lowerBound)) to \(Numbers.percent($0.upperBound)))"
    }
    let order = (kept.order.order == .greedy ? "greedily, " : "") + kept.order.ranking.rawValue
    return """
      \(place)
      the smallest circuit found to keep \(Numbers.percent(kept.share)), edges ranked \(order)\(range ?? "")
      """
  }

  /// The circuit by every metric, as a table, and what its numbers do not say by themselves.
  public func metricText(on page: Page = Page()) -> String {
    var table = TextTable([
      "metric": .left, "full": .right, "circuit": .right, "empty": .right, "faithful": .right,
    ])
    for (name, found) in measured.metrics.dropFirst() {
      table.add(
        name, Numbers.short(found.full.mean), Numbers.short(found.circuit.mean),
        Numbers.short(found.empty.mean), Numbers.percent(found.value))
    }
    let caveats = measured.caveats.map { "caution: \($0)" }
    return ([measured.metrics.count > 1 ? table.text(on: page) : ""] + caveats).filter {
      !$0.isEmpty
    }
    .joined(separator: "\n")
  }

  /// How many edges and nodes are left without dangling ones.
  public var pruningLine: String {
    let pruned = circuit.pruned()
    return """
      \(Numbers.count(pruned.edgeCount)) of \(Numbers.count(circuit.edgeCount)) edges lie on a path \
      from input to logits, through \(pruned.nodeCountText)
      """
  }

  /// The measured points as CSV: edges, metric, faithfulness.
  public var curve: String {
    "edges,\(heading.metric),faithfulness\n"
      + measures.reversed().map {
        "\($0.edges),\(Numbers.exact($0.metric)),\(Numbers.exact($0.faithfulness))\n"
      }.joined()
  }
}

extension Circuit {
  /// How many heads and MLPs write to its edges, in words.
  package var nodeCountText: String {
    Numbers.count(max(writers.count - 1, 0), "head or MLP", "heads and MLPs")
  }
}
