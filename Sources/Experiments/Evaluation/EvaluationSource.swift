public import Engine
public import Evaluation
import Files
import Foundation
public import Graphs
import Methods
import Models
import Reports
public import Tasks
import Tensors

/// A circuit with everything that is needed to run it.
public struct EvaluationSource: Sendable {
  let plan: EvaluationPlan
  let loaded: LoadedModel
  let clock = ExperimentClock()
  /// The circuit.
  public let circuit: Circuit
  /// A score for every edge; nil when the source has a circuit only.
  public let scores: EdgeScores?
  /// The prompts and the metric.
  public let task: CircuitTask
  /// What is said of the prompts: which they are and whether the circuit was found on them.
  public let taskDescription: String
  /// The run that found the circuit, when it is at hand.
  let run: FinishedRun?
  /// How edges rank and circuits are chosen: as the user says, else as in the discovery.
  public let selection: CircuitSelection
  /// What is said of where the circuit comes from.
  public let circuitDescription: String
  /// What is said of how edges rank.
  public var selectionDescription: String {
    selection.positiveShare.map { share in
      "\(Numbers.percent(share)) of edges from the best positive ones, the others from the most negative"
    } ?? "edges ranked by \(selection.ranking.rawValue), order \(selection.order.rawValue)"
  }

  /// The model.
  public var model: Transformer { loaded.model }

  /// What is ablated.
  public let scheme: AblationScheme
  /// The weights that circuits keep; nil for all.
  let weights: WeightMask?

  /// Loads a run or a file, and makes the prompts.
  ///
  /// - Parameters:
  ///   - plan: What is evaluated.
  ///   - listener: Is told how a search for the smallest circuit goes on.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public init(
    _ plan: EvaluationPlan, telling listener: ExperimentListener = ExperimentListener()
  ) throws {
    guard !plan.source.isEmpty else {
      throw ExperimentError("The source should be a run or a file.")
    }
    try plan.selection.check()
    guard plan.selection.signShare == nil else {
      throw ExperimentError(
        "Edges are chosen by signs that are consistent with select, whose run can be evaluated.")
    }
    self.plan = plan
    let url = URL(path: plan.source)
    let run = try FinishedRun(url)
    guard run != nil || FileManager.default.fileExists(atPath: url.path) else {
      throw ExperimentError("\(plan.source): there is no such run or file.")
    }
    self.run = run
    loaded = try Self.model(plan, run)
    scheme = try Self.scheme(plan, run, loaded.model)
    weights = try run?.weights(of: loaded.model)
    let contents = try CircuitSource.contents(url, loaded.model)
    scores = contents.scores
    let (prompts, description) = try Self.prompts(plan, run, loaded)
    task = prompts
    try task.requireMemory(for: loaded.model)
    if let share = plan.selection.keep {
      let kept = try Self.smallest(
        contents, share, plan, scheme.ablation, weights, loaded, prompts, listener)
      (circuit, selection) = (kept.circuit, kept.selection)
      taskDescription = description + "; the circuit's size was chosen on these prompts"
    } else {
      selection = plan.selection.selection(default: run?.selection ?? CircuitSelection(.edges(0)))
      let chosen = try Self.circuit(contents, plan, selection)
      circuit = plan.selection.prunes ? chosen.pruned() : chosen
      taskDescription = description
    }
    let origin = run.map { "found by \($0.methodDescription), \($0.metric)" }
    let kept = weights.map {
      " with \(Numbers.count($0.keptCount)) of \(Numbers.count($0.count)) weights"
    }
    circuitDescription = (origin ?? "from a file of \(contents.format)") + (kept ?? "")
  }

  private static func model(_ plan: EvaluationPlan, _ run: FinishedRun?) throws -> LoadedModel {
    guard let reference = plan.model ?? run?.plan.model else {
      throw ExperimentError(
        "\(plan.source): a file does not say which model it is about; name it with --model.")
    }
    let loaded = try reference.load(verifying: plan.verifiesFiles)
    if plan.model == nil, let run, loaded.files != run.files.model {
      throw ExperimentError(
        """
        \(reference.name): this is not the model of the run any more: its files have changed. Name \
        the model with --model to evaluate the circuit in it all the same.
        """)
    }
    return try loaded.moved(to: plan.hardware)
  }

  private static func circuit(
    _ contents: CircuitFile.Contents, _ plan: EvaluationPlan, _ selection: CircuitSelection
  ) throws -> Circuit {
    if plan.selection.size != nil {
      guard let scores = contents.scores else { throw withoutScores(plan) }
      return scores.circuit(selection)
    }
    guard let circuit = contents.circuit else {
      throw ExperimentError(
        """
        \(plan.source): the file has scores but no circuit; choose one with --edges, --fraction, \
        --threshold or --nodes.
        """)
    }
    return circuit
  }

  /// The smallest circuit that keeps a share on the evaluation's own prompts.
  private static func smallest(
    _ contents: CircuitFile.Contents, _ share: Double, _ plan: EvaluationPlan, _ ablation: Ablation,
    _ weights: WeightMask?, _ loaded: LoadedModel, _ task: CircuitTask,
    _ listener: ExperimentListener
  ) throws -> KeptCircuit {
    guard let scores = contents.scores else { throw withoutScores(plan) }
    let evaluation = CircuitEvaluation(
      model: loaded.model, task: task, scheme: AblationScheme(ablation), weights: weights)
    let kept = try loaded.model.device.checked {
      evaluation.circuit(keeping: share, of: scores, plan.selection, telling: listener)
    }
    guard let kept else {
      throw ExperimentError(
        "\(plan.source): nothing tells one circuit of these scores from another on these prompts.")
    }
    return kept
  }

  /// Another circuit or scores of the same model: a file, or a run's directory.
  func contents(ofOther path: String) throws -> CircuitFile.Contents {
    let contents = try CircuitSource.contents(URL(path: path), model)
    guard contents.graph == circuit.graph else {
      throw ExperimentError(
        "\(path): it groups keys and values in another way than the circuit does.")
    }
    return contents
  }

  private static func withoutScores(_ plan: EvaluationPlan) -> ExperimentError {
    ExperimentError(
      "\(plan.source): the file has no scores, so no other circuit can be chosen from it.")
  }

  private static func scheme(
    _ plan: EvaluationPlan, _ run: FinishedRun?, _ model: Transformer
  ) throws -> AblationScheme {
    AblationScheme(
      try plan.ablation?.absolute.loaded(for: model) ?? run?.ablation(for: model) ?? .resample,
      granularity: plan.granularity,
      part: plan.part, positions: plan.positions)
  }

  /// The prompts: other ones than the circuit was found on, where the task can make them.
  private static func prompts(
    _ plan: EvaluationPlan, _ run: FinishedRun?, _ loaded: LoadedModel
  ) throws -> (CircuitTask, String) {
    let method = run?.plan.method.method
    let found = run?.plan.task
    var task = plan.prompts(over: found)
    let file = TaskPlan.file(task.name(for: loaded))
    if file != nil, plan.count != nil || plan.seed != nil {
      throw ExperimentError(
        "--count and --seed go with built-in tasks; a task's file is run as it is.")
    }
    let isSame = found.map { task.name(for: loaded) == $0.name(for: loaded) } ?? false
    guard let run, let found, isSame else {
      task.seed = plan.seed ?? (found.map { $0.seed &+ 1 } ?? task.seed)
      let made = try task.make(for: loaded, method: method, part: .whole)
      let note = run == nil ? "" : "; another task than the circuit was found on"
      return (made.task, made.description + note)
    }
    if let file {
      return try prompts(of: file, isNamed: plan.task != nil, task, run, loaded)
    }
    // The next seed's prompts decided on the size of a circuit that was searched for.
    task.seed = plan.seed ?? found.seed &+ (run.search == nil ? 1 : 2)
    if task.seed == found.seed || loaded.isFixed(task.name(for: loaded)) {
      let made = try task.make(for: loaded, method: method)
      let which = task.count > found.count ? "the first of these prompts" : "these very prompts"
      return (made.task, "\(made.description); the circuit was found on \(which)")
    }
    let first = try found.make(for: loaded)
    let chosen =
      run.search == nil ? [] : try found.evaluated(besides: first, for: loaded).task.pairs
    let isChosen = run.search != nil && task.seed == found.seed &+ 1
    let made: TaskPlan.Made
    do {
      made = try task.make(
        for: loaded, method: method, without: first.task.pairs + (isChosen ? [] : chosen))
    } catch TaskError.empty {
      throw ExperimentError(
        """
        \(task.name(for: loaded)): the task can make no prompts that the run has not seen; name those of the run with \
        --seed \(found.seed), or another --task.
        """)
    }
    return (
      made.task,
      "\(made.description): held out, the circuit was found on seed \(found.seed)"
        + (isChosen ? " and its size chosen on these" : "")
    )
  }

  /// The pairs of a run's file that were held out, as the run kept them; all of them if none were.
  private static func prompts(
    of file: URL, isNamed: Bool, _ task: TaskPlan, _ run: FinishedRun, _ loaded: LoadedModel
  ) throws -> (CircuitTask, String) {
    let kept = try run.keptPairs(for: loaded)
    guard try kept != nil && !isNamed || run.files.task == fileHashes(of: file) else {
      throw ExperimentError(
        """
        \(file.path): this is not the task of the run any more: the file has changed. Leave out --task to use the \
        prompts of the run, or copy the file to another name to use it all the same.
        """)
    }
    let made = try task.make(
      for: loaded, method: run.plan.method.method, part: .heldOut, kept: kept)
    let note =
      made.filePairs.map { !$0.heldOut.isEmpty } ?? false
      ? ": held out, the circuit was found on the file's other pairs"
        + (run.search == nil ? "" : ", but its size chosen on these")
      : "; the circuit was found on these prompts"
    return (made.task, made.description + note)
  }
}
