import Engine
import Evaluation
import Foundation
import Graphs
public import Methods
public import Reports
import Tasks
import Tensors

/// A discovery whose model is loaded and whose prompts are made: everything that can be wrong with its input was
/// found out.
public struct PreparedDiscovery {
  /// What is run.
  public let plan: DiscoveryPlan
  /// The model.
  public let loaded: LoadedModel
  /// What is asked.
  public let problem: DiscoveryProblem
  let made: TaskPlan.Made
  let method: any DiscoveryMethod
  private let options: MethodOptions
  let files: RunRecord.Files
  let clock = ExperimentClock()
  let loadSeconds: Double

  /// Loads the model and makes the prompts.
  ///
  /// - Parameters:
  ///   - plan: What is to be run.
  ///   - readsFiles: Whether a model's files are read anew for their hashes.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public init(_ plan: DiscoveryPlan, verifying readsFiles: Bool = false) throws {
    try self.init(plan, of: nil, verifying: readsFiles)
  }

  /// Loads the model, unless it is at hand, and takes the prompts that a finished run kept, or makes them.
  init(
    _ plan: DiscoveryPlan, of run: FinishedRun?, on model: LoadedModel? = nil,
    verifying readsFiles: Bool
  ) throws {
    var plan = plan
    try plan.check()
    if run == nil { try plan.checkScoring() }
    plan.model = try plan.model.absolute()
    plan.task = plan.task.absolute
    loaded = try model ?? plan.model.load(verifying: readsFiles).moved(to: plan.hardware)
    let kept = try run?.keptPairs(for: loaded)
    made = try plan.task.make(for: loaded, method: plan.method.method, kept: kept)
    let model = loaded.model
    plan.ablation = try plan.ablation.absolute.loaded(for: model)
    problem = DiscoveryProblem(
      model: model, task: made.task,
      graph: model.graph(groupsKeysAndValues: plan.groupsKeysAndValues),
      ablation: plan.ablation)
    // A run that is finished scores nothing again, so that the edges it was told to look at need not be there.
    options =
      run == nil
      ? try plan.method.options(seed: plan.task.seed, problem.graph, model)
      : plan.method.options(seed: plan.task.seed)
    method = plan.method.method.make(options)
    try method.check(problem)
    files = RunRecord.Files(
      model: loaded.files,
      task: try kept == nil ? made.file.map { try fileHashes(of: $0) } : run?.files.task,
      edges: try run?.files.edges ?? plan.method.sourceHashes(),
      constants: try plan.ablation.file.map { try fileHashes(of: $0) })
    self.plan = plan
    loadSeconds = clock.seconds
    try checkPrompts()
    try checkSpans()
    try requireMemory(scoring: run == nil)
  }

  /// Refuses a run that there is no memory for.
  ///
  /// - Parameter isScored: Whether edges are scored, and circuits not measured only.
  /// - Throws: ``ExperimentError``.
  func requireMemory(scoring isScored: Bool) throws {
    try made.task.requireMemory(isScored ? estimate(pass: 0).bytes : 0, for: loaded.model)
  }

  /// What the run will take.
  ///
  /// - Parameter pass: Seconds of one forward pass over the prompts, as ``standing()`` measures them.
  /// - Returns: Passes, time and memory.
  public func estimate(pass: Double) -> RunEstimate {
    let entry = plan.method.method
    // Prompt by prompt a training is done for each, but for a gate.
    let isRepeated = plan.perPrompt && method is any MaskMethod
    let passes = entry.passes(options, isRepeated ? problem.restricted(to: 0..<1) : problem)
    // A backward pass to all activations costs about as much as two forward ones.
    return RunEstimate(
      passes: passes, seconds: pass * (passes.forward + 2 * passes.backward),
      bytes: max(
        problem.bytes(scoredBy: entry, options) + promptScoreBytes + spanBytes,
        made.task.measuringBytes(of: loaded.model)))
  }

  /// Lines about the model, the task and the method.
  public var heading: DiscoveryReport.Heading {
    DiscoveryReport.Heading(
      model: loaded.model.heading(problem.graph), task: made.description,
      method: plan.methodDescription, metric: made.task.metric.name)
  }

  /// Lines to begin with: model, task, method, how the model does, and what the run will take.
  public func introduction(_ standing: Standing, _ estimate: RunEstimate) -> String {
    let lines = heading
    return "\(lines.model)\n\(taskLine(standing))\n\(lines.method): \(estimate.line)"
  }

  /// The line about the task, and how the model does.
  func taskLine(_ standing: Standing) -> String {
    let right = standing.accuracy.map {
      ": the model is right on \(Numbers.percent($0)) of the prompts"
    }
    return heading.task + (right ?? "")
  }

  /// What is to be said before the prompts are run for the first time, which takes long for long ones; nil for others.
  public var sizeNote: String? {
    let longest = made.task.longest
    guard longest > 1000 else { return nil }
    let bytes = made.task.batchBytes(
      of: loaded.model, isMasked: false,
      isFrugal: (method as? AttributionPatching)?.canBeFrugal ?? false)
    return """
      note: the longest prompt has \(Numbers.count(longest)) tokens; a pass over the prompts needs about \
      \(Numbers.count(bytes >> 20)) MiB beside the weights and can take minutes.
      """
  }

  /// How the full model does on the prompts.
  public struct Standing: Sendable {
    /// The share of prompts that it answers right; nil when the task has no wrong answers.
    public let accuracy: Double?
    /// What a reader of the results should know of the model, the prompts and the ablation, in one sentence each.
    public let notes: [String]
    /// Seconds of one forward pass over the prompts.
    public let seconds: Double
  }

  /// Runs the full model on the prompts.
  ///
  /// - Returns: How it does, and how long that takes.
  /// - Complexity: One forward pass, and two over some prompts where answers may lack a space before them.
  /// - Throws: What went wrong on a card.
  public func standing() throws -> Standing {
    let start = clock.seconds
    let metric: any Metric = made.task.allows(Accuracy()) ? Accuracy() : made.task.metric
    let values = try loaded.model.device.checked {
      InterventionRuns(model: loaded.model, task: made.task).fullModel(by: metric)
    }
    let seconds = clock.seconds - start
    let accuracy = metric is Accuracy ? values.mean : nil
    let notes = try loaded.model.device.checked {
      made.task.warnings(about: loaded.model, accuracy)
    }
    return Standing(
      accuracy: accuracy, notes: notes + [made.task.note(about: plan.ablation)].compactMap(\.self),
      seconds: seconds)
  }

  /// Names of all that makes this run what it is.
  var identity: [String: String] {
    [
      "version": plan.version, "model": loaded.model.name, "model file": files.model.listed,
      "seed": "\(plan.task.seed)", "task": made.description,
      "task file": (files.task ?? [:]).listed, "metric": made.task.metric.name,
      "method": plan.method.text, "file of edges": files.edges.listed,
      "ablation": plan.ablation.rawValue, "file of constants": (files.constants ?? [:]).listed,
      "grouping of keys and values": "\(plan.groupsKeysAndValues)",
      "holdout": "\(plan.task.holdout)", "device": loaded.model.device.identity,
      "memory": plan.hardware?.memory.map(String.init) ?? "any",
      "answers": plan.task.reading.answers.rawValue, "per prompt": "\(plan.perPrompt)",
      "spans": plan.spans.map(String.init(describing:)) ?? "none",
    ]
  }
}
