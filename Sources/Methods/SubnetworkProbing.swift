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
public struct SubnetworkProbing: MaskMethod {
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
  public var ownCircuit: CircuitSelection? { .likely }

  package var recipe: MaskRecipe {
    MaskRecipe(
      parametrisation: HardConcrete(), units: level.units, sparsity: .price(settings.sparsity),
      optimiser: .adam(Adam(rate: settings.learningRate)), metric: settings.metric,
      isNormalized: true,
      steps: settings.steps, promptCount: settings.promptCount, start: settings.start,
      seed: settings.seed)
  }

  package func score(_ number: Double) -> Double { sigmoid(number) }
}

extension SubnetworkProbing {
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
    .training(
      name, summary, paper: "2104.03514",
      MaskOptions(steps: 300, rate: 0.1, loss: .task, prompts: 0), options: [sparsity]
    ) { options, shared in
      SubnetworkProbing(
        level: level, settings: shared.settings(options, sparsity: options[sparsity]))
    }
  }
}
