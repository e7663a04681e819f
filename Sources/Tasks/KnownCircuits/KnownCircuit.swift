public import Graphs
public import Models

/// A model together with a task whose circuit in it is known, so that a method can be held to it.
public struct KnownCircuit: Sendable {
  /// What the pair of model and task is called.
  public let name: String
  /// What the model does, in a line.
  public let summary: String
  /// The model.
  public let model: Transformer
  /// The prompts and the metric.
  public let task: CircuitTask
  private let truths: [Ablation: Circuit]

  /// Pairs a model with what is known of it.
  ///
  /// - Parameters:
  ///   - name: What the pair is called.
  ///   - summary: What the model does, in a line.
  ///   - model: The model.
  ///   - task: The prompts and the metric.
  ///   - truths: The true circuit for each ablation that it is known for: which edges carry the behaviour
  ///     depends on what an absent edge carries.
  public init(
    name: String, summary: String, model: Transformer, task: CircuitTask,
    truths: [Ablation: Circuit]
  ) {
    self.name = name
    self.summary = summary
    self.model = model
    self.task = task
    self.truths = truths
  }

  /// The true circuit when absent edges carry the ablation's values; nil when it is not known.
  public func truth(for ablation: Ablation) -> Circuit? { truths[ablation] }

  /// The ablations that the circuit is known for.
  public var ablations: [Ablation] { Ablation.allCases.filter { truths[$0] != nil } }
}
