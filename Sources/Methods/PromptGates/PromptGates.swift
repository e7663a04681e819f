public import Graphs
import Tasks

/// Circuits of single prompts by a gate (after manifold-regularised dynamic pruning, ManiDP, arXiv 2103.05861).
///
///     φ_p = relu(mean over tokens of the stream that each layer and the logits read), of the clean run of prompt p
///     n_p = θ + U tanh(V φ̂_p),   z_p hard concrete of n_p,   P_p = P(z_p > 0)
///     L = mean_p [ −m(run at z_p) / |m(M) − m(∅)| + λ e_p mean P_p ] + γ/E mean_pq (cos(φ_p, φ_q) − cos(P_p, P_q))²
///     e_p = clamp((C − ℓ_p) / C, 0, 1),   ℓ_p = (m_p(M) − m_p(run at z_p)) / |m(M) − m(∅)|
///
/// One base θ for all prompts, and a gate of low rank that moves it: U `[edge, rank]` starts at 0 and V `[rank, feature]`
/// at random, E (1 + rank) + rank · F numbers where a gate of its own for every edge had E · F. φ̂ is φ without its mean over
/// the training's prompts, every stream divided by its spread. The easier a prompt (e_p, held in the gradient), the more
/// its edges cost; prompts with like features get like masks. θ and U decay (AdamW), since nothing else holds back edges that no
/// prompt needs: what lowers them for some prompts raises them for others.
///
/// A prompt's scores are `log(1 + exp n_p)`, its circuit the edges with `n_p ≥ 0`; a new prompt takes one forward pass for both.
/// The scores of a task are the means over its prompts.
///
/// Cost: for each step one masked forward and backward pass over one batch of prompts.
public struct PromptGates: TrainedMethod {
  /// How the gate is trained.
  public let settings: TrainingSettings
  /// The rank of the gate.
  public let rank: Int
  /// What masks cost that are not as like as features: γ, in units of what the price of one edge is.
  public let similarity: Double
  /// From which loss on a prompt's edges cost nothing: C, in units of what full model and empty circuit differ by.
  public let patience: Double

  /// Chooses a gate.
  public init(
    rank: Int = 4, similarity: Double = 1, patience: Double = 2,
    settings: TrainingSettings = TrainingSettings()
  ) {
    self.rank = rank
    self.similarity = similarity
    self.patience = patience
    self.settings = settings
  }

  /// The edges that are more likely kept than not.
  public var ownCircuit: CircuitSelection? {
    CircuitSelection(.threshold(Float(softplus(0))), ranking: .signed)
  }

  /// How much of θ and U a step takes away, times the rate.
  static let decay = 0.3
  /// How far V moves, in units of how far θ and U do: each of its rows sums over all features.
  static let directionRate = 0.1

  package var recipe: MaskRecipe {
    MaskRecipe(
      parametrisation: HardConcrete(), units: .edges, sparsity: .price(settings.sparsity),
      optimiser: .adam(Adam(rate: settings.learningRate)), metric: settings.metric,
      isNormalized: true, steps: settings.steps, promptCount: settings.promptCount, drawCount: 1,
      start: settings.start, seed: settings.seed)
  }

  /// Trains the gate.
  ///
  /// - Parameters:
  ///   - problem: The model, task, graph and ablation.
  ///   - run: Is told about progress, keeps how far it has come, and is given the gate's file.
  /// - Returns: The gate.
  /// - Throws: ``MethodError`` when the metric has no gradient or the numbers overflow, and
  ///   ``MethodError/foreignState``.
  public func gate(
    for problem: DiscoveryProblem, run: MethodRun = MethodRun()
  ) throws(MethodError) -> PromptGate {
    var training = Training(
      try GateObjective(self, problem), steps: recipe.steps, seed: recipe.seed,
      schedule: recipe.schedule)
    try training.finish(run, "training the gate")
    let gate = PromptGate(
      problem, training.subject.shape, training.subject.featureScale, groups: training.numbers)
    run.attach(PromptGate.fileName) { try gate.safetensors() }
    return gate
  }

  /// Trains the gate; scores are the means over prompts.
  ///
  /// - Throws: As ``gate(for:run:)``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    try promptScores(for: problem, groups: [problem.task.pairs.indices], run: run)[0]
  }

  /// Trains one gate on all prompts; the scores of a group are the means over its prompts.
  ///
  /// - Throws: As ``gate(for:run:)``.
  public func promptScores(
    for problem: DiscoveryProblem, groups: [Range<Int>], run: MethodRun
  ) throws(MethodError) -> [EdgeScores] {
    let parts = try gate(for: problem, run: run).scores(of: problem.task)
    return groups.map { EdgeScores(meanOf: Array(parts[$0])) }
  }
}

extension PromptGates {
  private static let sparsity = MethodOption.number(
    "sparsity",
    "what keeping everything costs, in units of what full model and empty circuit differ by",
    standard: 2, canBeZero: true)
  private static let rank = MethodOption.count(
    "rank", "how many directions of the features move masks", standard: 4, in: 1...1000)
  private static let similarity = MethodOption.number(
    "similarity", "what masks cost that are not as like as features", standard: 1,
    canBeZero: true)
  private static let patience = MethodOption.number(
    "patience",
    "from which loss on the edges of a prompt cost nothing, in units of what full model and empty circuit differ by",
    standard: 2, canBeZero: false)

  static let entry = MethodEntry.training(
    "prompt-gates", "a trained gate that gives each prompt a mask of edges", paper: "2103.05861",
    MaskOptions(steps: 300, rate: 0.1, loss: .task, prompts: 0),
    options: [sparsity, rank, similarity, patience], scoresEffects: false
  ) { options, shared in
    PromptGates(
      rank: options[rank], similarity: options[similarity], patience: options[patience],
      settings: shared.settings(options, sparsity: options[sparsity]))
  }
}
