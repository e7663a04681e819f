import Edgewise
import Foundation

/// One model and task of a comparison.
struct ComparisonRun {
  private let command: Compare
  private let loaded: LoadedModel
  private let options: TaskOptions
  private let made: TaskOptions.Made
  private let truth: Circuit?
  private let bar: ProgressBar

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
    self.truth = truth
    if isOwn, truth == nil {
      note("note: the circuit of \(name) is not known for \(ablation) ablation.")
    }
  }

  private var graph: ComputationGraph {
    loaded.model.configuration.graph(
      groupsKeysAndValues: command.edges.groupKeyValues && truth == nil)
  }

  /// Runs the methods one after another.
  func task(_ methods: [MethodEntry], isAlone: Bool) throws -> Comparison.Task {
    let accuracy = made.task.accuracy(of: loaded.model)
    made.task.warn(about: loaded.model, accuracy)
    let standing = accuracy.map { ", right on \(Numbers.percent($0))" } ?? ""
    let known = truth.map { "; the true circuit has \(Numbers.count($0.edgeCount, "edge"))" } ?? ""
    let name =
      isAlone || made.task.name == loaded.model.name
      ? made.task.name : "\(loaded.model.name) \(made.task.name)"
    return Comparison.Task(
      name: name,
      description: """
        \(loaded.model.name): \(graph.layerCount) layers of \(graph.headCount) heads, \
        \(Numbers.count(graph.edgeCount)) edges
        \(made.description)\(standing)\(known)
        """,
      outcomes: try methods.map(outcome))
  }

  private func outcome(_ entry: MethodEntry) throws -> Comparison.Outcome {
    let task = try options.make(for: loaded, method: entry).task
    let problem = DiscoveryProblem(
      model: loaded.model, task: task, graph: graph, ablation: command.edges.ablation)
    let settings = command.settings.options(seed: command.seed, thresholds: Self.sweep)
    let passes = entry.passes(settings, problem)
    let method = entry.make(settings)
    let start = bar.seconds
    do throws(MethodError) {
      try method.check(problem)
    } catch {
      note("note: \(entry.name) says nothing about \(task.name): \(error)")
      return Comparison.Outcome(
        method: entry.name, passes: (passes.forward, passes.backward), seconds: 0, found: nil)
    }
    let scores = try method.scores(for: problem, run: MethodRun(progress: bar.show))
    let seconds = bar.seconds - start
    return Comparison.Outcome(
      method: entry.name, passes: (passes.forward, passes.backward), seconds: seconds,
      found: try found(scores))
  }

  /// How good scores are.
  private func found(_ scores: EdgeScores) throws -> Comparison.Found {
    if let truth {
      return .recovery(
        edges: RecoveryCurve(of: scores, truth: truth),
        nodes: RecoveryCurve(of: scores, truth: truth, level: .nodes))
    }
    let unseen = try command.prompts(options.task, seed: command.seed &+ 1).heldOut(
      from: made, for: loaded)
    let curves = CircuitEvaluation(
      model: loaded.model, task: unseen, ablation: command.edges.ablation
    ).curves(of: scores, by: [.signed, .magnitude], progress: bar.show)
    return .faithfulness(signed: curves[0], magnitude: curves[1])
  }

  /// Thresholds that give ACDC's edges a rank.
  private static let sweep = stride(from: -10, through: 0, by: 1).map { pow(10, Double($0) / 2) }
}

extension TaskOptions {
  /// Prompts that a circuit was not found on; the same ones where a task has no others.
  func heldOut(from made: Made, for loaded: LoadedModel) throws -> CircuitTask {
    guard made.file == nil, !(loaded.known?.prompts.isFixed ?? false) else { return made.task }
    return try make(for: loaded, without: made.task.pairs).task
  }
}
