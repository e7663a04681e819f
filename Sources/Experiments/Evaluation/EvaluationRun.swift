import Engine
public import Evaluation
public import Reports
import Tasks
import Tensors

/// An evaluation under way: what its measures are taken with.
public struct EvaluationRun {
  /// What is evaluated.
  public let source: EvaluationSource
  /// Runs the prompts through circuits.
  public let evaluation: CircuitEvaluation
  /// Is told how it goes on.
  public let listener: ExperimentListener
  /// Random circuits, knockouts and draws of prompts.
  public var draws: Int { source.plan.draws }
  /// Where the random choices of all measures start.
  public let seed: UInt64 = 0
  /// Whether the measure that is being taken was asked for by its name.
  public private(set) var isNamed = false

  private let steps: [(run: EvaluationMeasure.Run, isNamed: Bool)]

  /// Makes sure that everything that was asked for can be measured, before any long run.
  ///
  /// - Throws: ``ExperimentError`` when a measure that was named needs what the source does not have.
  init(_ source: EvaluationSource, _ listener: ExperimentListener) throws {
    self.source = source
    self.listener = listener
    evaluation = CircuitEvaluation(
      model: source.model, task: source.task, scheme: source.scheme, weights: source.weights)
    let named = source.plan.measures
    steps =
      try (named ?? EvaluationMeasure.all).compactMap { measure in
        do {
          return try measure.prepare(source).map { ($0, named != nil) }
        } catch is ExperimentError where named == nil {
          return nil
        }
      }
      + EvaluationMeasure.comparisons.compactMap { measure in
        try measure.prepare(source).map { ($0, true) }
      }
  }

  /// Measures what was asked for.
  ///
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  func report() throws -> EvaluationReport {
    let (circuit, task) = (source.circuit, source.task)
    var report = EvaluationReport(
      heading: source.heading, circuit: circuit, metric: task.metric.name)
    task.warnings(about: source.model, task.accuracy(of: source.model)).forEach(listener.note)
    if let note = task.note(about: source.scheme.ablation) { listener.note(note) }
    let metrics = task.allowedMetrics
    let measured = evaluation.faithfulness(of: [circuit], by: metrics, progress: listener.progress)[
      0]
    try measured.forEach { try $0.requireNumbers(of: source.model, on: task) }
    if let warning = measured[0].warning { listener.note(warning) }
    report.metrics = zip(metrics, measured).map { ($0.name, $1) }
    report.isAblated = source.scheme.part == .circuit
    for step in steps {
      var run = self
      run.isNamed = step.isNamed
      if let finding = try step.run(run) { report.findings.append(finding) }
    }
    return report
  }
}

extension EvaluationSource {
  /// Measures the circuit.
  ///
  /// - Parameter listener: Is told how it goes on.
  /// - Returns: Everything that was measured.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func evaluate(
    telling listener: ExperimentListener = ExperimentListener()
  ) throws -> EvaluationReport {
    var notes: [String] = []
    let keeper = listener.keeping { notes.append($0) }
    var report = try model.device.checked { try EvaluationRun(self, keeper).report() }
    report.notes = notes
    return report
  }
}
