public import Evaluation
public import Tasks

/// What is evaluated, on which model and prompts, and what is measured.
public struct EvaluationPlan: Sendable {
  /// A run's directory, or a file with a circuit or scores.
  public var source: String
  /// The model; nil for the run's.
  public var model: ModelReference?
  /// A built-in task or a file; nil for the run's, on other prompts.
  public var task: String?
  /// How many prompt pairs a built-in task makes; nil for as many as the run's.
  public var count: Int?
  /// Where a built-in task's random choices start; nil for one more than the run's.
  public var seed: UInt64?
  /// The metric of curves and tests; nil for the run's.
  public var metric: String?
  /// What of a file's answers is scored; nil for as in the run.
  public var answers: AnswerForm?
  /// Whether a file's pairs that cannot be used are left out instead of refused, also where the run did not.
  public var skipsUnusable: Bool
  /// Which edges the circuit keeps; as it was found if nothing is said.
  public var selection: SelectionPlan
  /// What an ablated edge carries; nil for the discovery's ablation.
  public var ablation: Ablation?
  /// Whether edges or whole nodes are ablated.
  public var granularity: AblationScheme.Granularity
  /// Whether everything outside of the circuit is ablated, or the circuit itself.
  public var part: AblationScheme.Part
  /// At which tokens of each prompt.
  public var positions: AblatedPositions
  /// What is measured besides the circuit itself; nil for all that the source allows.
  public var measures: [EvaluationMeasure]?
  /// Random circuits, knockouts and draws of prompts.
  public var draws: Int
  /// The true circuit: a run, a file, or a model whose circuit is known.
  public var truth: String?
  /// Other scores of the same model: a run or file.
  public var against: String?
  /// Whether a model's files are read anew for their hashes.
  public var verifiesFiles: Bool
  /// Where runs are done; nil for the processor.
  public var hardware: Hardware?

  /// Evaluates a source as far as it allows; see the properties.
  public init(source: String) {
    self.source = source
    skipsUnusable = false
    selection = SelectionPlan()
    granularity = .edges
    part = .complement
    positions = .all
    draws = 10
    verifiesFiles = false
  }

  /// The prompts of a run, or the usual ones, with what is said here of them but the seed.
  func prompts(over found: TaskPlan?) -> TaskPlan {
    var task = found ?? TaskPlan()
    if let name = self.task {
      task.name = name
      task = task.absolute
    }
    task.count = count ?? task.count
    task.metric = metric ?? task.metric
    task.reading = TaskFile.Reading(
      answers: answers ?? task.reading.answers,
      skipsUnusable: skipsUnusable || task.reading.skipsUnusable)
    return task
  }
}
