import ArgumentParser
import Edgewise

/// What is evaluated, and on which model and prompts.
struct EvaluationOptions: ParsableArguments {
  @Argument(
    help: """
      A run's directory, or a file: a circuit in EAP-IG's JSON, scores (.safetensors), or what EAP-IG \
      (.pt), ACDC (.pth, .pkl) or Edge Pruning (edges.json) wrote.
      """)
  var source: String

  @OptionGroup var prompts: SourcePromptOptions

  func plan(_ selection: SelectionOptions) throws -> EvaluationPlan {
    try prompts.plan(source, selection)
  }
}

/// On which model and prompts a source is run.
struct SourcePromptOptions: ParsableArguments {
  @Option(help: "The model: a directory, a .gguf file or a name. (default: the run's)")
  var model: String?

  @Option(
    help: "A built-in task or a file. (default: the run's, on prompts that were held out)")
  var task: String?

  @Option(parsing: .unconditional, help: "How many prompt pairs a built-in task makes.")
  var count: Int?

  @Option(
    parsing: .unconditional,
    help: "Where a built-in task's random choices start. (default: one more than the run's)")
  var seed: UInt64?

  @Option(
    help: "The metric of curves and tests; in robustness one more column. (default: the run's)")
  var metric: String?

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var files: FileOptions
  @OptionGroup var hardware: HardwareOptions

  /// The prompts where there is no run that has some.
  var taskPlan: TaskPlan {
    TaskPlan(
      name: task, count: count ?? 100, seed: seed ?? 0, metric: metric, reading: reading.plan)
  }

  func plan(_ source: String, _ selection: SelectionOptions) throws -> EvaluationPlan {
    var plan = EvaluationPlan(source: source)
    plan.model = model.map { ModelReference($0) }
    (plan.task, plan.count, plan.seed, plan.metric) = (task, count, seed, metric)
    (plan.answers, plan.skipsUnusable) = (reading.answers, reading.skipUnusable)
    plan.selection = selection.plan
    plan.verifiesFiles = files.verify
    plan.hardware = try hardware.plan()
    return plan
  }

  func validate() throws { try validated(TaskPlan(count: count ?? 1).check) }
}
