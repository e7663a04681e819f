public import Graphs
public import Engine
import Models

/// A model together with a task whose circuit in it is known, so that a method can be held to it.
public struct KnownCircuit: Sendable {
  /// The model, whose name is that of the pair.
  public let model: Transformer
  /// What makes the prompts, and says what the model does.
  public let prompts: any BuiltInTask
  private let truths: [Ablation: Circuit]

  /// Pairs a model with what is known of it.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - prompts: What makes its prompts.
  ///   - truths: The true circuit for each ablation that it is known for: which edges carry the behaviour
  ///     depends on what an absent edge carries.
  public init(model: Transformer, prompts: any BuiltInTask, truths: [Ablation: Circuit]) {
    self.model = model
    self.prompts = prompts
    self.truths = truths
  }

  /// The true circuit when absent edges carry the ablation's values; nil when it is not known.
  public func truth(for ablation: Ablation) -> Circuit? { truths[ablation] }

  /// The ablations that the circuit is known for.
  public var ablations: [Ablation] { Ablation.allCases.filter { truths[$0] != nil } }

  /// The prompts as a task.
  ///
  /// - Parameters:
  ///   - count: How many prompt pairs; of a program's own, as many at most, evenly spread.
  ///   - seed: Where the random choices start.
  ///   - metric: How the behaviour is measured; nil for the prompts' own metric.
  /// - Returns: The task.
  /// - Throws: ``TaskError`` when the metric needs answers that the prompts lack.
  public func task(
    count: Int = 100, seed: UInt64 = 0, metric: (any Metric)? = nil
  ) throws(TaskError) -> CircuitTask {
    let own = try Metrics.named(prompts.metricName)
    return try CircuitTask(
      name: prompts.name, pairs: try prompts.pairs(count: count, seed: seed, model: model),
      metric: metric ?? own, model: model)
  }
}
