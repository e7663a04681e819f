import Graphs
import Engine
public import Evaluation
import Reports
public import Tasks

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
  /// - Returns: What was measured, and on which circuit and prompts.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener()
  ) throws -> (robustness: Robustness, found: EvaluationSource) {
    let found = try EvaluationSource(source, telling: listener)
    let (model, task) = (found.model, found.task)
    task.warnings(about: model, task.accuracy(of: model)).forEach(listener.note)
    if let note = ablations.lazy.compactMap(task.note(about:)).first { listener.note(note) }
    let metrics = Metrics.all.filter {
      (Self.metrics.contains($0.name) || $0.name == task.metric.name) && task.allows($0)
    }
    let schemes = Robustness.schemes(
      ablations: ablations, part: source.part,
      positions: positions == .all ? [.all] : [.all, positions])
    let robustness = InterventionRuns(model: model, task: task).robustness(
      of: found.circuit, under: schemes, by: metrics, progress: listener.progress)
    for row in robustness.rows {
      for faithfulness in row.faithfulness {
        try faithfulness.requireNumbers(of: model, on: found.task)
      }
    }
    return (robustness, found)
  }
}

/// What `robustness --json` prints.
public struct RobustnessRecord: Encodable {
  struct Row: Encodable {
    let granularity: String
    let ablation: String
    let positions: String
    let measured: [EvaluationRecord.Measured]
  }

  let version = edgewiseVersion
  let source: String
  let model: String
  let circuit: String
  let edges: Int
  let task: String
  let part: String
  let rows: [Row]

  /// Takes what was measured.
  public init(_ robustness: Robustness, _ found: EvaluationSource) {
    source = found.plan.source
    model = found.model.name
    circuit = found.circuitDescription
    edges = found.circuit.edgeCount
    task = found.taskDescription
    part = found.plan.part.rawValue
    rows = robustness.rows.map { row in
      Row(
        granularity: row.scheme.granularity.rawValue, ablation: row.scheme.ablation.rawValue,
        positions: row.scheme.positions.description,
        measured: zip(robustness.metrics, row.faithfulness).map {
          EvaluationRecord.Measured($0, $1)
        })
    }
  }

  /// The record as JSON with sorted keys.
  public func json() throws -> String { try sortedJSON(self) }
}
