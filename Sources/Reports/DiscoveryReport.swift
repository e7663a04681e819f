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
    public let method: String
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

  /// What was run.
  public let heading: Heading
  /// The score of every edge.
  public let scores: EdgeScores
  /// The circuit.
  public let circuit: Circuit
  /// How edges were ranked.
  public let ranking: EdgeScores.Ranking
  /// The metric of the full model, the empty circuit and the circuit.
  public let faithfulness: Faithfulness
  /// The share of prompts that the full model answers right, if the task has wrong answers.
  public let accuracy: Double?

  /// Takes what was found.
  public init(
    heading: Heading, scores: EdgeScores, circuit: Circuit, ranking: EdgeScores.Ranking,
    faithfulness: Faithfulness, accuracy: Double?
  ) {
    self.heading = heading
    self.scores = scores
    self.circuit = circuit
    self.ranking = ranking
    self.faithfulness = faithfulness
    self.accuracy = accuracy
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
    ])
    for measure in measures {
      table.add(
        measure.name, Numbers.count(measure.edges), Numbers.fixed(measure.metric),
        Numbers.percent(measure.faithfulness))
    }
    return table
  }

  /// How many edges and nodes are left without dangling ones.
  public var pruningLine: String {
    let pruned = circuit.pruned()
    return """
      \(Numbers.count(pruned.edgeCount)) of \(Numbers.count(circuit.edgeCount)) edges lie on a path \
      from input to logits, through \(Numbers.count(max(pruned.writers.count - 1, 0))) heads and MLPs
      """
  }

  /// The measured points as CSV: edges, metric, faithfulness.
  public var curve: String {
    "edges,\(heading.metric),faithfulness\n"
      + measures.reversed().map { "\($0.edges),\($0.metric),\($0.faithfulness)\n" }.joined()
  }
}
