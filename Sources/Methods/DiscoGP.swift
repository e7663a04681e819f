import Engine
import Foundation
public import Graphs
import Tasks
import Tensors

/// DiscoGP (arXiv 2407.03779): hard masks of edges and of weights, trained together, so that what they keep does the
/// task and what they leave out is at chance.
///
///     L = −log q(right | answers; m, w) + λ_e mean σ(θ_e) + λ_w mean σ(θ_w) + λ_c CE(uniform, q(· | 1 − m, 1 − w))
///
/// q is the distribution over the prompt's right and wrong answers alone, m and w are drawn by `StraightThrough`. As
/// published the ablation is zero (`--ablation zero`), weights are first trained at temperature 0.01 for 500 epochs and
/// edges then at 1 for 100; here both are trained at once. Embeddings, norms and the unembedding have no masks.
///
/// The score of an edge is σ(θ); what scores more than a half is the circuit. The weights that are kept are written
/// beside the scores, and `evaluate` runs circuits with them.
///
/// Cost: for each step two masked forward and backward passes over one batch, gradients of all weights included. Memory:
/// about a hundred bytes for each weight.
public struct DiscoGP: DiscoveryMethod {
  /// The name of the file of weights that are kept.
  public static let weightFile = "weights.safetensors"

  /// How masks are trained.
  public struct Settings: Sendable {
    /// What all trainings have in common; the rate and price are those of edges.
    public var training: TrainingSettings
    /// How far a step moves the numbers of weights.
    public var weightRate: Double
    /// What keeping all weights costs.
    public var weightSparsity: Double
    /// What it costs that what is left out is not at chance.
    public var completeness: Double
    /// The temperature of edges.
    public var edgeTemperature: Double
    /// The temperature of weights.
    public var weightTemperature: Double
    /// Where all numbers start.
    public var start: Double

    /// Settings as published where they are known.
    public init(
      training: TrainingSettings, weightRate: Double = 0.1, weightSparsity: Double = 1,
      completeness: Double = 1, edgeTemperature: Double = 1, weightTemperature: Double = 1,
      start: Double = 1
    ) {
      self.training = training
      self.weightRate = weightRate
      self.weightSparsity = weightSparsity
      self.completeness = completeness
      self.edgeTemperature = edgeTemperature
      self.weightTemperature = weightTemperature
      self.start = start
    }
  }

  /// How masks are trained.
  public let settings: Settings

  /// Chooses how masks are trained.
  public init(settings: Settings) { self.settings = settings }

  /// The edges that are more likely kept than not.
  public var ownCircuit: CircuitSelection? { .likely }

  /// Asks for right and wrong answers.
  ///
  /// - Throws: ``MethodError/missingAnswers(metric:)``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    let metric = AnswerChoice(kind: .right)
    guard problem.task.allows(metric) else { throw .missingAnswers(metric: metric.name) }
  }

  /// Trains both masks, scores every edge, and hands over the weights that are kept.
  ///
  /// - Throws: ``MethodError``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let objective = WeightObjective(settings, problem)
    var training = Training(
      objective, steps: settings.training.steps, seed: settings.training.seed)
    try training.finish(run, "training masks of edges and weights")
    let mask = objective.weightMask(training.numbers[1])
    run.attach(Self.weightFile) { try mask.safetensors(of: problem.model) }
    return objective.scores(training.numbers[0])
  }
}

extension DiscoGP {
  private static let shared = MaskOptions(steps: 300, rate: 0.1, loss: .task, prompts: 16)
  private static let sparsity = MethodOption.number(
    "sparsity", "what keeping all edges costs", standard: 1, canBeZero: true)
  private static let weightSparsity = MethodOption.number(
    "weight-sparsity", "what keeping all weights costs", standard: 1, canBeZero: true)
  private static let weightRate = MethodOption.number(
    "weight-rate", "how far each step moves the numbers of weights", standard: 0.1,
    canBeZero: false)
  private static let completeness = MethodOption.number(
    "completeness", "what it costs that what is left out is not at chance", standard: 1,
    canBeZero: true)
  private static let temperature = MethodOption.number(
    "temperature", "how soft gradients of the masks of weights are", standard: 1,
    canBeZero: false)

  static let entry = MethodEntry(
    name: "discogp", summary: "trained masks of edges and of weights, whose rest is at chance",
    paper: "2407.03779", cost: "2 forward, 2 backward over a batch for each step",
    options: [
      shared.steps, shared.rate, shared.prompts, sparsity, weightSparsity, weightRate,
      completeness, temperature, MaskOptions.start,
    ], isMasked: true, scoresEffects: false,
    bytes: { _, problem in
      // Numbers with their start and means, what a mask is drawn with, itself, its complement and gradients, Float64; and
      // the weights, whole, masked and as gradients, Float32.
      problem.model.layerWeights.reduce(0) { $0 + $1.tensor.count } * (10 * 8 + 5 * 4)
        + problem.preparedBytes
    },
    passes: { options, problem in
      let batches = problem.trainingBatches(of: shared.promptCount(options), sharesStarts: false)
      let share = 2 * Double(options[shared.steps]) / Double(batches.count)
      return PassCount(forward: 1 + share, backward: share)
    },
    make: { options in
      DiscoGP(
        settings: Settings(
          training: shared.settings(options, sparsity: options[sparsity]),
          weightRate: options[weightRate], weightSparsity: options[weightSparsity],
          completeness: options[completeness], weightTemperature: options[temperature]))
    })
}
