import Edgewise
import Foundation

/// One model and task of a comparison.
struct ComparisonRun {
  private let command: Compare
  private let loaded: LoadedModel
  private let options: TaskOptions
  private let made: TaskOptions.Made
  private let standard: Standard
  private let bar: ProgressBar

  /// What scores are held to.
  private enum Standard {
    /// The circuit that is known.
    case truth(Circuit)
    /// Prompts that circuits were not found on.
    case unseen(CircuitEvaluation)
  }

  init(
    _ command: Compare, _ loaded: LoadedModel, _ task: String?, _ bar: ProgressBar
  ) throws {
    self.command = command
    self.loaded = loaded
    self.bar = bar
    options = try command.prompts(task, seed: command.seed)
    made = try options.make(for: loaded)
    let ablation = command.edges.ablation
    let name = made.task.name
    let isOwn = loaded.known.map { $0.prompts.name == name } ?? false
    let truth = isOwn ? loaded.known?.truth(for: ablation) : nil
    standard =
      try truth.map(Standard.truth)
      ?? .unseen(
        CircuitEvaluation(
          model: loaded.model,
          task: command.prompts(task, seed: command.seed &+ 1).heldOut(from: made, for: loaded),
          ablation: ablation))
    if isOwn, truth == nil {
      note("note: the circuit of \(name) is not known for \(ablation) ablation.")
    }
    if truth != nil, command.edges.groupKeyValues {
      note(
        "note: the circuit of \(name) is known with a key and value for each head; they are not grouped."
      )
    }
  }

  private var truth: Circuit? {
    if case .truth(let circuit) = standard { circuit } else { nil }
  }

  private var graph: ComputationGraph {
    loaded.model.configuration.graph(
      groupsKeysAndValues: command.edges.groupKeyValues && truth == nil)
  }

  /// A name unlike those that were given.
  func name(among others: [String], isAlone: Bool) -> String {
    let name =
      isAlone || made.task.name == loaded.model.name
      ? made.task.name : "\(loaded.model.name) \(made.task.name)"
    let numbered = (2...).lazy.map { "\(name) \($0)" }
    return others.contains(name) ? numbered.first { !others.contains($0) } ?? name : name
  }

  /// Runs the methods one after another.
  func task(_ methods: [MethodEntry], name: String) throws -> Comparison.Task {
    let accuracy = made.task.accuracy(of: loaded.model)
    made.task.warn(about: loaded.model, accuracy)
    let standing = accuracy.map { ", right on \(Numbers.percent($0))" } ?? ""
    let known = truth.map { "; the true circuit has \(Numbers.count($0.edgeCount, "edge"))" } ?? ""
    return Comparison.Task(
      name: name,
      description: """
        \(loaded.model.heading(graph))
        \(made.description)\(standing)\(known)
        """,
      outcomes: try methods.map(outcome))
  }

  private func outcome(_ entry: MethodEntry) throws -> Comparison.Outcome {
    let task = try options.task(of: made, for: loaded, method: entry)
    let problem = DiscoveryProblem(
      model: loaded.model, task: task, graph: graph, ablation: command.edges.ablation)
    let settings = command.settings.options(seed: command.seed, thresholds: Self.sweep)
    let description = command.settings.description(
      of: entry.name, thresholds: "11 τ from 1e-05 to 1")
    let passes = entry.passes(settings, problem)
    let method = entry.make(settings)
    let start = bar.seconds
    let scores: EdgeScores
    do throws(MethodError) {
      try method.check(problem)
      scores = try method.scores(for: problem, run: MethodRun(progress: bar.show))
    } catch {
      note("note: \(entry.name) says nothing about \(task.name): \(error)")
      return Comparison.Outcome(
        method: entry.name, settings: description, passes: (passes.forward, passes.backward),
        seconds: 0, found: nil)
    }
    let seconds = bar.seconds - start
    return Comparison.Outcome(
      method: entry.name, settings: description, passes: (passes.forward, passes.backward),
      seconds: seconds,
      found: found(scores))
  }

  /// How good scores are.
  private func found(_ scores: EdgeScores) -> Comparison.Found {
    switch standard {
    case .truth(let truth):
      return .recovery(
        edges: RecoveryCurve(of: scores, truth: truth),
        nodes: RecoveryCurve(of: scores, truth: truth, level: .nodes))
    case .unseen(let evaluation):
      let curves = evaluation.curves(
        of: scores, by: [.signed, .magnitude], progress: bar.show)
      return .faithfulness(signed: curves[0], magnitude: curves[1])
    }
  }

  /// Thresholds that give ACDC's edges a rank.
  private static let sweep = stride(from: -10, through: 0, by: 1).map { pow(10, Double($0) / 2) }
}

extension TaskOptions {
  /// Prompts that a circuit was not found on; the same ones where a task has no others.
  func heldOut(from made: Made, for loaded: LoadedModel) throws -> CircuitTask {
    guard made.file == nil, !loaded.isFixed(made.task.name) else { return made.task }
    return try make(for: loaded, without: made.task.pairs).task
  }
}
