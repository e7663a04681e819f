import Graphs
import Tasks

/// MAttr (arXiv 2609.25518): scores are trained so that the best k edges do the task, for random k.
///
///     mᵢ = σ((sᵢ − τ) / ½),  Σ mᵢ = k,   L = −metric(run at m),   k drawn anew for each prompt
///
/// There is no price and no target: one training ranks for all sizes, see `SoftTopK`. Scores start at 0. The
/// published runs take 5,000 steps of one prompt for edges, 500 for nodes; here a step runs several prompts, each at
/// its own k.
///
/// Without learning the scores stay 0, wherever they were to start, and what is returned is the mean of minus their gradient over all steps: a
/// path-weighted integral of the mask's gradient, with weight `t (1 − t)` at mask t for uniform sizes and `1 − t` for
/// log sizes, less its mean over all edges.
///
/// The score is `log(1 + eˢ)`, which orders edges as s does; unlearned, the integral itself.
///
/// Cost: for each step one masked forward and backward pass over one batch of prompts.
public struct MaskAttribution: MaskMethod {
  /// How sizes are drawn.
  public enum Sizes: String, Sendable, CaseIterable {
    /// Every size as often as any other.
    case uniform
    /// Every order of magnitude as often as any other.
    case log
  }

  /// How sizes are drawn.
  public let sizes: Sizes
  /// What has a score of its own.
  public let level: MaskLevel
  /// Whether scores are moved.
  public let learns: Bool
  /// How scores are trained; the sparsity is not looked at.
  public let settings: TrainingSettings

  /// Chooses what is trained and how.
  public init(
    sizes: Sizes = .uniform, level: MaskLevel = .edges, learns: Bool = true,
    settings: TrainingSettings
  ) {
    self.sizes = sizes
    self.level = level
    self.learns = learns
    self.settings = settings
  }

  package var recipe: MaskRecipe {
    MaskRecipe(
      parametrisation: SoftTopK(sizes), units: level.units, sparsity: .none,
      optimiser: learns ? .adam(Adam(rate: settings.learningRate)) : .mean,
      metric: settings.metric, steps: settings.steps, promptCount: settings.promptCount,
      drawCount: 1, movesMasks: learns,
      start: learns ? settings.start : nil, seed: settings.seed)
  }

  package func score(_ number: Double) -> Double { learns ? softplus(number) : number }
}

extension MaskAttribution {
  private static let sizes = MethodOption.choice(
    "sizes", "how the number of edges is drawn", standard: Sizes.uniform)
  private static let level = MethodOption.choice(
    "level", "what has a score of its own", standard: MaskLevel.edges)
  private static let unlearned = MethodOption.flag(
    "unlearned", "scores stay 0 and the mean of minus their gradient is returned")

  static let entry = MethodEntry.training(
    "mattr", "mask attribution: trained scores whose best k edges do the task, for random k",
    paper: "2609.25518", MaskOptions(steps: 500, rate: 0.05, loss: .task, prompts: 8),
    options: [sizes, level, unlearned]
  ) { options, shared in
    MaskAttribution(
      sizes: options[sizes], level: options[level], learns: !options[unlearned],
      settings: shared.settings(options))
  }
}
