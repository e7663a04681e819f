public import Graphs
import Tasks
import Tensors

/// Subnetwork probing (SP, arXiv 2104.03514): a hard concrete mask is trained for the metric and few nodes.
///
/// `loss = −metric / |m(M) − m(∅)| + sparsity · mean P(z > 0)`, masks `z` drawn anew at each step, see ``TrainingSettings``.
/// As published, and as ACDC compares with it, the mask is on the query, key and value of each head and each
/// MLP's write, and an edge is there when both of its ends are; by edges instead, as auto-circuit, each edge
/// has its own. What is masked is what a head reads: with resampling that is the same as masking its query, key
/// and value, with other ablations a fully masked head still computes from the ablated stream. The score is `σ(θ)`, and the circuit is what scores more than a half.
///
/// Cost: for each step one masked forward and backward pass over one batch of prompts.
public struct SubnetworkProbing: DiscoveryMethod {
  /// What has a mask value of its own.
  public let level: MaskLevel
  /// How the mask is trained.
  public let settings: TrainingSettings

  /// Chooses what is trained and how.
  public init(level: MaskLevel = .nodes, settings: TrainingSettings = TrainingSettings()) {
    self.level = level
    self.settings = settings
  }

  /// The edges that are more likely kept than not.
  public var ownCircuit: CircuitSelection? { CircuitSelection(.threshold(0.5)) }

  /// Asks for a metric with a gradient.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    try problem.requireGradient()
  }

  /// Trains the mask and scores every edge by it.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient or the numbers overflow, and
  ///   ``MethodError/foreignState``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let trainer = MaskTrainer(
      parametrisation: HardConcrete(), level: level, settings: settings)
    let numbers = try trainer.train(problem, run)
    return level.scores(numbers.map { Float(sigmoid($0)) }, problem.graph)
  }
}

extension SubnetworkProbing {
  private static let steps = MethodOption.count(
    "steps", "how many batches of prompts are run to train the mask", standard: 300)
  private static let rate = MethodOption.number(
    "rate", "how far each step moves", standard: 0.1, canBeZero: false)
  private static let sparsity = MethodOption.number(
    "sparsity",
    "what keeping everything costs, in units of what full model and empty circuit differ by",
    standard: 1, canBeZero: true)

  static let nodeEntry = entry(
    "sp", "subnetwork probing: a trained mask of nodes", level: .nodes)
  static let edgeEntry = entry(
    "sp-edges", "subnetwork probing: a trained mask of edges", level: .edges)

  private static func entry(
    _ name: String, _ summary: String, level: MaskLevel
  ) -> MethodEntry {
    MethodEntry(
      name: name, summary: summary, paper: "2104.03514",
      cost: "1 forward, 1 backward over a batch for each step", options: [steps, rate, sparsity],
      passes: { options, problem in
        let share = Double(options[steps]) / Double(problem.trainingBatches.value.count)
        return PassCount(forward: 2 + share, backward: share)
      },
      make: { options in
        SubnetworkProbing(
          level: level,
          settings: TrainingSettings(
            steps: options[steps], learningRate: options[rate], sparsity: options[sparsity],
            seed: options.seed))
      })
  }
}
