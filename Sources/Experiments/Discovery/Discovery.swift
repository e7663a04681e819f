import Engine
import Evaluation
import Foundation
public import Graphs
public import Methods
public import Reports
public import Tasks
import Tensors

/// What a discovery found.
public struct Discovery: Sendable {
  /// What was run.
  public let plan: DiscoveryPlan
  /// The model.
  public let loaded: LoadedModel
  /// The prompts and the metric.
  public let task: CircuitTask
  /// The pairs of the task's file that were held out.
  let heldOut: [PromptPair]
  /// The circuit with its scores and what it does.
  public let report: DiscoveryReport
  /// What the run writes as `run.json`.
  public let record: RunRecord
  /// The scores of each prompt; none when they were not asked for.
  let promptScores: [EdgeScores]
  /// What the method made beside scores: files of the run's directory by their names.
  let attachments: [String: Data]

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
    let prepared = try PreparedDiscovery(self)
    let state = try states.map { try prepared.state(at: $0, telling: listener) }
    return try prepared.run(telling: listener, state: state)
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
  let made: TaskPlan.Made
  let method: any DiscoveryMethod
  private let options: MethodOptions
  let files: RunRecord.Files
  private let clock = ExperimentClock()
  private let loadSeconds: Double

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
    plan.model = try plan.model.absolute()
    plan.task = plan.task.absolute
    loaded = try model ?? plan.model.load(verifying: readsFiles).moved(to: plan.hardware)
    let kept = try run?.keptPairs(for: loaded)
    made = try plan.task.make(for: loaded, method: plan.method.method, kept: kept)
    let model = loaded.model
    plan.ablation = try plan.ablation.absolute.loaded(for: model)
    problem = DiscoveryProblem(
      model: model, task: made.task,
      graph: model.configuration.graph(groupsKeysAndValues: plan.groupsKeysAndValues),
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
    try made.task.requireMemory(estimate(pass: 0).bytes, on: model.device)
  }

  /// What the run will take.
  ///
  /// - Parameter pass: Seconds of one forward pass over the prompts, as ``standing()`` measures them.
  /// - Returns: Passes, time and memory.
  public func estimate(pass: Double) -> RunEstimate {
    let (entry, graph) = (plan.method.method, problem.graph)
    // Prompt by prompt a training is done for each, but for a gate.
    let isRepeated = plan.perPrompt && method is any MaskMethod
    let passes = entry.passes(options, isRepeated ? problem.restricted(to: 0..<1) : problem)
    let bytes = made.task.batchBytes(
      of: loaded.model, isMasked: entry.isMasked)
    // A backward pass to all activations costs about as much as two forward ones.
    return RunEstimate(
      passes: passes, seconds: pass * (passes.forward + 2 * passes.backward),
      bytes: bytes + 16 * graph.writerCount * graph.readerCount + promptScoreBytes
        + entry.bytes(options, problem))
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
    let bytes = made.task.batchBytes(of: loaded.model, isMasked: false)
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
    let hashes = { (files: [String: String]) in
      files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    return [
      "version": plan.version, "model": loaded.model.name, "model file": hashes(files.model),
      "seed": "\(plan.task.seed)", "task": made.description,
      "task file": hashes(files.task ?? [:]), "metric": made.task.metric.name,
      "method": plan.method.text, "file of edges": hashes(files.edges),
      "ablation": plan.ablation.rawValue, "file of constants": hashes(files.constants ?? [:]),
      "grouping of keys and values": "\(plan.groupsKeysAndValues)",
      "holdout": "\(plan.task.holdout)", "device": loaded.model.device.identity,
      "answers": plan.task.reading.answers.rawValue, "per prompt": "\(plan.perPrompt)",
    ]
  }

  /// The state that an interrupted run left, or a new one.
  ///
  /// - Parameters:
  ///   - place: Where it is.
  ///   - listener: Is told when there is none to go on from.
  /// - Returns: What ``run(telling:state:standing:)`` goes on from, and keeps.
  /// - Throws: ``ExperimentError`` when a state is there that was not asked for, or one of another run.
  public func state(
    at place: ResumePlace, telling listener: ExperimentListener = ExperimentListener()
  ) throws -> ResumeState {
    try ResumeState(place, run: identity, note: listener.note)
  }

  /// Finds the circuit.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - state: Where a long run keeps how far it has come; nil for nowhere.
  ///   - standing: What ``standing()`` returned, to spare its pass.
  /// - Returns: Scores, the circuit and what it does.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), state: ResumeState? = nil,
    standing: Standing? = nil
  ) throws -> Discovery {
    defer { state?.finish() }
    return try loaded.model.device.checked {
      try found(telling: listener, state: state, standing: try standing ?? self.standing())
    }
  }

  private func found(
    telling listener: ExperimentListener, state: ResumeState?, standing: Standing
  ) throws -> Discovery {
    standing.notes.forEach(listener.note)
    let scored = try scored(
      telling: listener, states: state.map { $0.states(of: loaded.model.device) })
    return try discovery(scored, standing, telling: listener)
  }

  /// What a method made of the prompts.
  struct Scored {
    /// A score for every edge.
    var scores: EdgeScores
    /// How long it took; 0 when it was not done anew.
    var seconds = 0.0
    /// What the method made beside scores: files of the run's directory by their names.
    var attachments: [String: Data] = [:]
    /// The scores of each prompt, if they are known, and the gate that gives them, if one does.
    var prompts: (parts: [EdgeScores], gate: PromptGate?)?
  }

  /// Scores the edges.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where the method keeps how far it has come; nil for nowhere.
  /// - Returns: What the method made.
  /// - Throws: `MethodError`, or ``ExperimentError`` when the model's numbers overflow.
  func scored(
    telling listener: ExperimentListener, states: MethodRun.ResumeStates?
  ) throws -> Scored {
    let start = clock.seconds
    var attachments: [String: Data] = [:]
    let run = MethodRun(
      progress: listener.progress, states: states, attachments: { attachments[$0] = $1 })
    let prompts =
      try plan.perPrompt ? explained { () throws(MethodError) in try promptScores(run) } : nil
    let scores =
      try prompts.map { EdgeScores(meanOf: $0.parts) }
      ?? explained { () throws(MethodError) in try method.scores(for: problem, run: run) }
    return Scored(
      scores: scores, seconds: clock.seconds - start, attachments: attachments, prompts: prompts)
  }

  /// The circuit that the plan's selection makes of scores, and what it does.
  ///
  /// - Parameters:
  ///   - scored: A score for every edge, and what the method made beside it.
  ///   - standing: How the full model does.
  ///   - listener: Is told how it goes on.
  ///   - coupling: What kept the scores near those of other tasks; nil for nothing.
  /// - Returns: The discovery.
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  func discovery(
    _ scored: Scored, _ standing: Standing, telling listener: ExperimentListener,
    coupling: RunRecord.Coupling? = nil
  ) throws -> Discovery {
    var notes = standing.notes
    let listener = listener.keeping { notes.append($0) }
    let (scores, prompts) = (scored.scores, scored.prompts)
    if scored.attachments[LearnedConstants.fileName] != nil {
      listener.note(
        """
        note: the mask was trained with learned constants on absent edges, and circuits are measured with \
        \(plan.ablation) ablation; "evaluate RUN --ablation optimal:RUN" measures them with the constants.
        """)
    }
    let chosen = try CircuitChoice(
      scores, self, WeightMask(in: scored.attachments, of: loaded.model), listener)
    let measured = chosen.measured
    // Scores that others have moved sum up to nothing that is known.
    let isIntegral =
      plan.method.method.integratesInputs && plan.ablation == .resample
      && coupling?.multiplier ?? 0 == 0
    let integral =
      isIntegral
      ? IntegralGap(of: scores, measured.inSample ?? measured.faithfulness) : nil
    if let integral, integral.isWide { listener.note(plan.method.warning(of: integral)) }
    var heading = heading
    if let coupling { heading.method += ", \(coupling.text)" }
    let report = DiscoveryReport(
      heading: heading, scores: scores, circuit: chosen.circuit, ranking: chosen.ranking,
      measured: measured, accuracy: standing.accuracy, integral: integral,
      prompts: try prompts.map { try promptReport($0.parts, $0.gate, chosen, listener) })
    return Discovery(
      plan: plan, loaded: loaded, task: made.task,
      heldOut: made.filePairs?.heldOut.map(\.pair) ?? [], report: report,
      record: RunRecord(
        plan: plan, files: files, attachments: scored.attachments,
        leftOut: made.filePairs?.leftOutCount, report: report,
        notes: notes, coupling: coupling,
        seconds: RunRecord.Seconds(
          load: loadSeconds, discover: scored.seconds, total: clock.seconds),
        cardPeakMemory: loaded.model.device.cardPeakMemory),
      promptScores: prompts?.parts ?? [], attachments: scored.attachments)
  }

  /// Has a method do something; what overflows is said of the model's weights.
  func explained<Result>(_ work: () throws(MethodError) -> Result) throws -> Result {
    do throws(MethodError) {
      return try work()
    } catch {
      throw error == .notFinite
        ? loaded.model.overflow("The model's numbers overflow on these prompts", on: made.task)
        : error
    }
  }
}
