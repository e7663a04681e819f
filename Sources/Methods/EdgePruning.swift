public import Graphs
import Tasks

/// Edge Pruning (arXiv 2406.16778): a hard concrete mask of edges, held at a share of zeros by Lagrange multipliers.
///
///     L = KL(full ‖ run at z) + λ₁ (s − t) + λ₂ (s − t)²,   s = 1 − mean z
///
/// z is drawn anew at each step from log α. The target t rises in a straight line over the first five sixths of the
/// steps; λ₁ and λ₂ are moved up the gradient, the rest down, with a rate that rises over a fifteenth of the steps and
/// then falls to 0. With a node target every head and MLP has a mask of its own besides.
///
/// The published runs take 3,000 steps of 32 prompts on 32,491 edges at a rate of 0.8, and log α starts at 10, where one
/// draw in 5,000 has a gradient. Here fewer steps are usual, so numbers start lower and move less, and λ moves such that
/// an edge can come to cost as much as there, however many edges and steps there are.
///
/// The score is `log(1 + α)`, which orders edges as log α does. The circuit of its own keeps the share of edges that
/// the target leaves.
///
/// Cost: for each step one masked forward and backward pass over one batch of prompts.
public struct EdgePruning: MaskMethod {
  /// How the mask is trained; its sparsity is not looked at.
  public let settings: TrainingSettings
  /// The share of edges that are to be gone.
  public let target: Double
  /// The share of heads and MLPs that are to be gone; nil where only edges have masks.
  public let nodeTarget: Double?
  /// Where log α starts.
  public let start: Double

  /// Chooses targets.
  public init(
    target: Double = 0.98, nodeTarget: Double? = nil, start: Double = 2, settings: TrainingSettings
  ) {
    self.target = target
    self.nodeTarget = nodeTarget
    self.start = start
    self.settings = settings
  }

  /// The share of edges that the target leaves; none where it leaves none.
  public var ownCircuit: CircuitSelection? {
    target < 1 ? CircuitSelection(.fraction(1 - target), ranking: .signed) : nil
  }

  package var recipe: MaskRecipe {
    MaskRecipe(
      parametrisation: HardConcrete(start: start),
      units: nodeTarget == nil ? .edges : .edgesAndWriters,
      sparsity: .targets(
        [Sparsity.Target(.edges, target)]
          + [nodeTarget.map { Sparsity.Target(.writers, $0) }].compactMap(\.self),
        risingOver: 5.0 / 6, reach: 0.8 * 3000 / 32_491),
      optimiser: .adam(Adam(rate: settings.learningRate)), metric: settings.metric,
      schedule: .rising(over: 1.0 / 15), steps: settings.steps,
      promptCount: settings.promptCount, start: settings.start, seed: settings.seed)
  }
}

extension EdgePruning {
  private static let target = MethodOption.number(
    "target", "the share of edges that are to be gone", standard: 0.98, canBeZero: false)
  private static let nodeTarget = MethodOption.number(
    "node-target", "the share of heads and MLPs that are to be gone; 0 gives them no masks",
    standard: 0, canBeZero: true)
  private static let start = MethodOption.number(
    "start", "where log alpha starts: the higher, the more steps it takes", standard: 2,
    canBeZero: true)

  static let entry = MethodEntry.training(
    "edge-pruning", "a trained mask of edges, held at a share of zeros", paper: "2406.16778",
    MaskOptions(steps: 600, rate: 0.1, loss: .kl, prompts: 32),
    options: [target, nodeTarget, start]
  ) { options, shared in
    EdgePruning(
      target: options[target], nodeTarget: options[nodeTarget] == 0 ? nil : options[nodeTarget],
      start: options[start], settings: shared.settings(options))
  }
}
