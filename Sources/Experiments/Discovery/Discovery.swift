import Engine
import Evaluation
public import Graphs
public import Methods
public import Reports
public import Tasks

/// What a discovery found.
public struct Discovery: Sendable {
  /// What was run.
  public let plan: DiscoveryPlan
  /// The model.
  public let loaded: LoadedModel
  /// The prompts and the metric.
  public let task: CircuitTask
  /// What is said of the prompts.
  let taskDescription: String
  /// The circuit with its scores and what it does.
  public let report: DiscoveryReport
  /// What the run writes as `run.json`.
  public let record: RunRecord

  /// A score for every edge.
  public var scores: EdgeScores { report.scores }
  /// The circuit.
  public var circuit: Circuit { report.circuit }
}

extension DiscoveryPlan {
  /// Finds a circuit.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where a long run keeps how far it has come; nil for nowhere.
  /// - Returns: Scores, the circuit and what it does.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), states: ResumePlace? = nil
  ) throws -> Discovery {
    try PreparedDiscovery(self).run(telling: listener, states: states)
  }
}

/// A discovery whose model is loaded and whose prompts are made: everything that can be wrong with its input was
/// found out.
public struct PreparedDiscovery {
  /// What is run.
  public let plan: DiscoveryPlan
  /// The model.
  public let loaded: LoadedModel
  /// What is asked.
  public let problem: DiscoveryProblem
  private let made: TaskPlan.Made
  private let options: MethodOptions
  private let method: any DiscoveryMethod
  private let files: RunRecord.Files
  private let clock = ExperimentClock()
  private let loadSeconds: Double

  /// Loads the model and makes the prompts.
  ///
  /// - Parameters:
  ///   - plan: What is to be run.
  ///   - readsFiles: Whether a model's files are read anew for their hashes.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public init(_ plan: DiscoveryPlan, verifying readsFiles: Bool = false) throws {
    var plan = plan
    plan.model = try plan.model.absolute()
    plan.task = plan.task.absolute
    loaded = try plan.model.load(verifying: readsFiles)
    made = try plan.task.make(for: loaded, method: plan.method.method)
    let model = loaded.model
    problem = DiscoveryProblem(
      model: model, task: made.task,
      graph: model.configuration.graph(groupsKeysAndValues: plan.groupsKeysAndValues),
      ablation: plan.ablation)
    options = try plan.methodOptions(problem.graph, model)
    method = plan.method.method.make(options)
    try method.check(problem)
    files = RunRecord.Files(
      model: loaded.files, task: try made.file.map { try fileHashes(of: $0) },
      edges: try plan.edgesFile.map { try fileHashes(of: $0) } ?? [:])
    self.plan = plan
    loadSeconds = clock.seconds
  }

  /// What the prompts are measured by, and how many passes over them the method takes.
  public var passes: PassCount { plan.method.method.passes(options, problem) }

  /// Lines about the model, the task and the method.
  public var heading: DiscoveryReport.Heading {
    DiscoveryReport.Heading(
      model: loaded.model.heading(problem.graph), task: made.description,
      method: plan.methodDescription, metric: made.task.metric.name)
  }

  /// The share of prompts that the full model answers right; nil when the task has no wrong answers.
  ///
  /// - Complexity: One forward pass.
  public func accuracy() -> Double? { made.task.accuracy(of: loaded.model) }

  /// Names of all that makes this run what it is.
  var identity: [String: String] {
    let hashes = { (files: [String: String]) in
      files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    return [
      "version": plan.version, "model": loaded.model.name, "model file": hashes(files.model),
      "seed": "\(plan.task.seed)", "task": made.description,
      "task file": hashes(files.task ?? [:]), "metric": made.task.metric.name,
      "method": plan.method.text, "file of edges": hashes(files.edges),
      "ablation": plan.ablation.rawValue,
      "grouping of keys and values": "\(plan.groupsKeysAndValues)",
    ]
  }

  /// Finds the circuit.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where a long run keeps how far it has come; nil for nowhere.
  ///   - accuracy: What ``accuracy()`` returned, to spare its pass.
  /// - Returns: Scores, the circuit and what it does.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), states: ResumePlace? = nil,
    accuracy: Double?? = nil
  ) throws -> Discovery {
    let state = try states.map { try ResumeState($0, run: identity, note: listener.note) }
    let accuracy = accuracy ?? self.accuracy()
    if let warning = made.task.warning(about: loaded.model, accuracy) { listener.note(warning) }
    let start = clock.seconds
    let scores = try scores(
      MethodRun(
        progress: listener.progress,
        states: state.map { .init(saved: $0.saved, save: $0.save) }))
    let seconds = RunRecord.Seconds(load: loadSeconds, discover: clock.seconds - start, total: 0)
    let selection = plan.selection.selection(
      default: method.ownCircuit ?? CircuitSelection(.edges(200)))
    let circuit = scores.circuit(selection)
    let faithfulness = CircuitEvaluation(
      model: loaded.model, task: made.task, ablation: plan.ablation
    ).faithfulness(of: circuit, progress: listener.progress)
    try faithfulness.requireNumbers(of: loaded.model)
    if let warning = faithfulness.warning { listener.note(warning) }
    let report = DiscoveryReport(
      heading: heading, scores: scores, circuit: circuit, ranking: selection.ranking,
      faithfulness: faithfulness, accuracy: accuracy)
    let discovery = Discovery(
      plan: plan, loaded: loaded, task: made.task, taskDescription: made.description,
      report: report,
      record: RunRecord(
        plan: plan, files: files, report: report, seconds: seconds.ended(at: clock.seconds)))
    state?.finish()
    return discovery
  }

  private func scores(_ run: MethodRun) throws -> EdgeScores {
    do throws(MethodError) {
      return try method.scores(for: problem, run: run)
    } catch {
      throw error == .notFinite
        ? loaded.model.overflow("The model's numbers overflow on these prompts") : error
    }
  }
}
