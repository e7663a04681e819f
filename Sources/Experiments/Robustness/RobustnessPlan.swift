import Engine
import Evaluation
import Graphs
import Reports
public import Tasks
import Tensors

/// A circuit whose score is measured under several choices of what is ablated.
public struct RobustnessPlan: Sendable {
  /// The circuit and its prompts.
  public var source: EvaluationPlan
  /// The positions that are compared with all.
  public var positions: AblatedPositions
  /// The ablations.
  public var ablations: [Ablation]

  /// Describes what is compared; see the properties.
  public init(
    source: EvaluationPlan, positions: AblatedPositions = .changedAndLast,
    ablations: [Ablation] = [.resample, .mean(), .positionalMean(), .zero]
  ) {
    self.source = source
    self.positions = positions
    self.ablations = ablations
  }

  /// What fits beside each other: one metric of each kind.
  private static let metrics = ["logit-difference", "probability-difference", "kl", "accuracy"]

  /// Measures the circuit.
  ///
  /// - Parameter listener: Is told how it goes on.
  /// - Returns: What was measured, with the circuit and the prompts.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener()
  ) throws -> RobustnessRun {
    let found = try EvaluationSource(source, telling: listener)
    return try found.model.device.checked { try run(found, listener) }
  }

  private func run(
    _ found: EvaluationSource, _ listener: ExperimentListener
  ) throws -> RobustnessRun {
    let (model, task) = (found.model, found.task)
    task.warnings(about: model, task.accuracy(of: model)).forEach(listener.note)
    let ablations = try ablations.map { try $0.absolute.loaded(for: model) }
    if let note = ablations.lazy.compactMap(task.note(about:)).first { listener.note(note) }
    let metrics = Metrics.all.filter {
      (Self.metrics.contains($0.name) || $0.name == task.metric.name) && task.allows($0)
    }
    let schemes = Robustness.schemes(
      ablations: ablations, part: source.part,
      positions: positions == .all ? [.all] : [.all, positions])
    let robustness = InterventionRuns(model: model, task: task, weights: found.weights).robustness(
      of: found.circuit, under: schemes, by: metrics, progress: listener.progress)
    for row in robustness.rows {
      for faithfulness in row.faithfulness {
        try faithfulness.requireNumbers(of: model, on: found.task)
      }
    }
    return RobustnessRun(source: found, robustness: robustness)
  }
}
