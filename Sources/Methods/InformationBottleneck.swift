import Foundation
public import Graphs
import Tasks

/// IBCircuit (ICML 2025): heads and MLPs keep what they write only as far as it is worth what it tells.
///
///     a′ = w a + (1 − w) (μ + σ ε),   w = σ(θ),   ε ~ N(0, 1)
///     L = KL(full ‖ run with a′) + β mean I(w),   I(w) = w² − w − log(1 − w)
///
/// μ and σ are mean and deviation of each number that a head (before its output matrix) or an MLP writes, over all
/// tokens of the batch's clean prompts. I is KL(N(w a + (1 − w) μ, (1 − w)² σ²) ‖ N(μ, σ²)), averaged over those tokens,
/// at which `(a − μ)² / σ²` averages 1. No corrupted prompts are looked at, and the ablation is not. Where the public
/// code learns a w for each prompt and head, here all prompts share it: a circuit of the task.
///
/// The score of an edge is the smaller w of its two ends.
///
/// Cost: for each step one masked forward and backward pass over one batch of prompts.
public struct InformationBottleneck: DiscoveryMethod {
  /// How w is trained; the sparsity is β.
  public let settings: TrainingSettings

  /// Chooses how w is trained.
  public init(settings: TrainingSettings) { self.settings = settings }

  /// The edges between heads and MLPs that are more signal than noise.
  public var ownCircuit: CircuitSelection? { .likely }

  /// What a mixture tells, in nats for each number, and its derivative by w.
  package static func information(_ weight: Double) -> (value: Double, slope: Double) {
    let rest = max(1 - weight, 1e-12)
    return (weight * weight - weight - log(rest), 2 * weight - 1 + 1 / rest)
  }

  /// Asks for a metric with a gradient.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    _ = try settings.metric.metric(for: problem)
  }

  /// Trains w and scores every edge by it.
  ///
  /// - Throws: ``MethodError``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let objective = try NoiseObjective(settings, problem)
    var training = Training(objective, steps: settings.steps, seed: settings.seed)
    try training.finish(run, "training the noise")
    return objective.scores(training.numbers[0])
  }
}

extension InformationBottleneck {
  private static let shared = MaskOptions(steps: 300, rate: 0.05, loss: .kl, prompts: 0)
  private static let price = MethodOption.number(
    "beta", "what it costs to tell a nat, in nats of KL", standard: 1, canBeZero: true)

  static let entry = MethodEntry(
    name: "ibcircuit", summary: "information bottleneck: heads and MLPs mixed with noise",
    paper: "", cost: "1 forward, 1 backward over a batch for each step",
    options: shared.all + [price], isMasked: true,
    scoresEffects: false, bytes: { _, problem in problem.preparedBytes },
    passes: { options, problem in
      let batches = problem.trainingBatches(of: shared.promptCount(options), sharesStarts: false)
      let share = Double(options[shared.steps]) / Double(batches.count)
      return PassCount(forward: 1 + share, backward: share)
    },
    make: {
      InformationBottleneck(settings: shared.settings($0, sparsity: $0[price]))
    })
}
