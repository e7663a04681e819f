public import Evaluation
public import Graphs

/// The circuits of single prompts, and of clusters of them, against one circuit of equal size for all.
public struct PromptReport: Sendable {
  /// What one choice of circuits for all prompts does.
  public struct Choice: Sendable {
    /// Which circuits those are.
    public let name: String
    /// How many different ones.
    public let circuitCount: Int
    /// What they do.
    public let faithfulness: Faithfulness

    /// Takes what was measured.
    public init(name: String, circuitCount: Int, faithfulness: Faithfulness) {
      self.name = name
      self.circuitCount = circuitCount
      self.faithfulness = faithfulness
    }
  }

  /// What choices of circuits do on prompts that they were not found on.
  public struct HeldOut: Sendable {
    /// What is said of the prompts.
    public let prompts: String
    /// The choices that were measured.
    public let choices: [Choice]

    /// Takes what was measured.
    public init(prompts: String, choices: [Choice]) {
      self.prompts = prompts
      self.choices = choices
    }
  }

  /// A cluster of prompts with its circuit.
  public struct Cluster: Sendable {
    /// The places of its prompts, ascending.
    public let prompts: [Int]
    /// The mean scores of its prompts.
    public let scores: EdgeScores
    /// The circuit that they choose.
    public let circuit: Circuit
    /// The prompts that lie best in it, as text.
    public let examples: [String]
    /// What its circuit does on its prompts.
    public let own: Faithfulness
    /// What the one circuit for all does on them.
    public let single: Faithfulness

    /// Takes what was found.
    public init(
      prompts: [Int], scores: EdgeScores, circuit: Circuit, examples: [String], own: Faithfulness,
      single: Faithfulness
    ) {
      self.prompts = prompts
      self.scores = scores
      self.circuit = circuit
      self.examples = examples
      self.own = own
      self.single = single
    }
  }

  /// How prompts were divided.
  public let division: PromptClusters
  /// The one circuit for all prompts, of the size of the others.
  public let single: Circuit
  /// How edges were ranked.
  public let ranking: EdgeScores.Ranking
  /// The clusters, the largest first.
  public let clusters: [Cluster]
  /// The choices that were measured, that of the one circuit first.
  public let choices: [Choice]
  /// The same on prompts that were held out; nil where they say nothing of those.
  public let heldOut: HeldOut?

  /// Takes what was found.
  public init(
    division: PromptClusters, single: Circuit, ranking: EdgeScores.Ranking, clusters: [Cluster],
    choices: [Choice], heldOut: HeldOut? = nil
  ) {
    self.division = division
    self.single = single
    self.ranking = ranking
    self.clusters = clusters
    self.choices = choices
    self.heldOut = heldOut
  }

  /// How many prompts there are.
  public var promptCount: Int { clusters.reduce(0) { $0 + $1.prompts.count } }

  /// How well each prompt lies in its cluster; 0 where there is only one.
  public var silhouettes: [Double] {
    division.isSplit
      ? division.best?.silhouettes ?? [] : [Double](repeating: 0, count: promptCount)
  }

  /// The cluster of each prompt, counted from 0.
  public var labels: [Int] { division.partition(of: promptCount).labels }

  /// The Jaccard index of the edges of every two circuits: the one for all first, then those of clusters.
  public var overlaps: [[Double]] {
    let circuits = [single] + clusters.map(\.circuit)
    return circuits.map { one in
      circuits.map { CircuitOverlap(of: one, with: $0).edges.jaccard }
    }
  }
}
