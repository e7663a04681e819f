public import Graphs
import Tasks

/// Uniform gradient sampling (UGS, arXiv 2409.09951) and its twin with hard concrete masks (HCGS).
///
///     L = KL(full ‖ run at α) + λ Σ p
///
/// Every prompt of a batch is run with several masks of its own, see `UniformSample`. λ is what keeping one edge
/// costs, in nats. Left out of the public code: a second, small price of nodes, and the removal of edges on no path,
/// which changes nothing where absent edges carry what corrupted prompts give.
///
/// With constants, absent edges carry a constant for each writer that is trained beside the mask (optimal ablation); the
/// run's directory then has `constants.safetensors`, which `--ablation optimal:RUN` takes.
///
/// The score is `σ(θ)`: of uniform samples the chance p that an edge is kept, of hard concrete ones less than it.
///
/// Cost: for each step one masked forward and backward pass over one batch, each prompt as often as it has masks.
public struct UniformGradientSampling: MaskMethod {
  /// How masks are drawn.
  public enum Sampling: Sendable {
    /// 0, 1 or uniform in between.
    case uniform
    /// Hard concrete.
    case hardConcrete
  }

  /// How masks are drawn.
  public let sampling: Sampling
  /// What keeping one edge costs.
  public let price: Double
  /// How many masks each prompt gets.
  public let drawCount: Int
  /// Whether what absent edges carry is trained, too: a constant for each writer, which is optimal ablation.
  public let learnsConstants: Bool
  /// How the mask is trained; its sparsity is not looked at.
  public let settings: TrainingSettings

  /// Chooses what is drawn.
  public init(
    _ sampling: Sampling, price: Double = 1e-3, drawCount: Int = 4,
    learnsConstants: Bool = false, settings: TrainingSettings
  ) {
    self.sampling = sampling
    self.price = price
    self.drawCount = drawCount
    self.learnsConstants = learnsConstants
    self.settings = settings
  }

  /// The edges with `θ > 0`.
  public var ownCircuit: CircuitSelection? { .likely }

  package var recipe: MaskRecipe {
    MaskRecipe(
      parametrisation: sampling == .uniform ? UniformSample() : HardConcrete(start: 1),
      units: .edges, sparsity: .priceEach(price),
      optimiser: .adam(Adam(rate: settings.learningRate, beta2: 0.995)), metric: settings.metric,
      longestGradient: 5, steps: settings.steps, promptCount: settings.promptCount,
      drawCount: drawCount, learnsConstants: learnsConstants, start: settings.start,
      seed: settings.seed)
  }

  package func score(_ number: Double) -> Double { sigmoid(number) }
}

extension UniformGradientSampling {
  private static let price = MethodOption.number(
    "lambda", "what keeping one edge costs, in nats of KL", standard: 1e-3, canBeZero: true)
  private static let draws = MethodOption.count(
    "draws", "masks of each prompt of a batch", standard: 4, in: 1...1000)

  private static let constants = MethodOption.flag(
    "constants", "absent edges carry constants that are trained, too: optimal ablation")

  static let uniformEntry = entry(
    "ugs", "uniform gradient sampling: a trained chance of each edge", .uniform)
  static let hardConcreteEntry = entry(
    "hcgs", "as ugs, with hard concrete masks", .hardConcrete)

  private static func entry(_ name: String, _ summary: String, _ sampling: Sampling) -> MethodEntry
  {
    .training(
      name, summary, paper: "2409.09951",
      MaskOptions(steps: 300, rate: 0.05, loss: .kl, prompts: 5),
      options: [price, draws, constants]
    ) { options, shared in
      UniformGradientSampling(
        sampling, price: options[price], drawCount: options[draws],
        learnsConstants: options[constants],
        settings: shared.settings(options))
    }
  }
}
