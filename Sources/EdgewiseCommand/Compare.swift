import ArgumentParser
import Edgewise
import Foundation

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold methods against each other on several tasks.",
    discussion: """
      Models whose circuits are known bring their own task, and methods are held to the true circuit: \
      planted-copy and the like (see "edgewise models"), and directories of compiled programs with truth.json. \
      On other models and tasks, circuits of ten sizes are run on prompts they were not found on, for MIB's CPR \
      and CMD. Without arguments, all planted circuits. With --output also writes comparison.json and a plot \
      for each task.
      """)

  @Argument(help: "Models: directories, .gguf files or names.")
  var models: [String] = PlantedCircuits.names

  @Option(
    help: """
      Tasks, with commas between them: names or files. (default: a known circuit's own; else ioi, or induction \
      without a tokenizer)
      """)
  var task: CommaList<String>?

  @Option(help: "Methods, with commas between them.")
  var method = CommaList(["eap", "eap-ig", "acdc", "hisp", "sp", "exact"])

  @Option(parsing: .unconditional, help: "How many prompt pairs a built-in task makes.")
  var count: Int = 100

  @Option(parsing: .unconditional, help: "Where random choices start, 0 or more.")
  var seed: UInt64 = 0

  @Option(help: "The metric of all tasks and methods. (default: the task's own, kl for acdc)")
  var metric: String?

  @OptionGroup(title: "Methods") var settings: MethodSettings
  @OptionGroup(title: "Methods") var edges: EdgeChoice
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let (target, bar) = try output.begin()
    let methods = try method.elements.map { try Edgewise.Methods.named($0) }
    if let metric { _ = try Metrics.named(metric) }
    var tasks: [Comparison.Task] = []
    for name in models {
      let argument = try ModelArgument.parse([name])
      let loaded = try argument.load(from: try argument.location())
      for task in task?.elements.map(Optional.some) ?? [nil] {
        let run = try ComparisonRun(self, loaded, task, bar)
        tasks.append(try run.task(methods, isAlone: models.count == 1))
        if !output.json, let last = tasks.last {
          print(Comparison(tasks: [last]).text + "\n")
          fflush(nil)
        }
      }
    }
    let comparison = Comparison(tasks: tasks)
    let json = try sortedJSON(
      ComparisonRecord(comparison, arguments: Array(CommandLine.arguments.dropFirst())))
    if let target {
      var files = ["comparison.json": Data((json + "\n").utf8)]
      for (task, svg) in comparison.plots { files["\(task).svg"] = Data(svg.utf8) }
      files["comparison.txt"] = Data((comparison.text + "\n").utf8)
      try target.write(files)
    }
    print(output.json ? json : comparison.meansText)
    if let target, !output.json { print("\nfiles: \(target.url.path)") }
  }

  /// The prompts of a task.
  func prompts(_ task: String?, seed: UInt64) throws -> TaskOptions {
    var options = try TaskOptions.parse([])
    (options.task, options.count, options.seed, options.metric) = (task, count, seed, metric)
    return options
  }

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count should be from 1 to 1000000, found \(count).")
    }
    guard !models.isEmpty, !method.elements.isEmpty else {
      throw ValidationError("Name at least one model and one method.")
    }
  }
}

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

/// What `comparison.json` says.
struct ComparisonRecord: Encodable {
  struct Outcome: Encodable {
    let method: String
    let forwardPasses: Double
    let backwardPasses: Double
    let seconds: Double
    /// Areas by name; nothing when the method cannot say anything about the task.
    let areas: [String: Double]?
    /// Points of the curves: false and true positive rates, or shares of edges and faithfulness.
    let curves: [String: [[Double]]]?
  }

  struct Task: Encodable {
    let name: String
    let description: String
    let outcomes: [Outcome]
  }

  let version = edgewiseVersion
  let arguments: [String]
  let tasks: [Task]

  init(_ comparison: Comparison, arguments: [String]) {
    self.arguments = arguments
    tasks = comparison.tasks.map { task in
      Task(
        name: task.name, description: task.description,
        outcomes: task.outcomes.map { outcome in
          Outcome(
            method: outcome.method, forwardPasses: outcome.passes.forward,
            backwardPasses: outcome.passes.backward, seconds: outcome.seconds,
            areas: outcome.found.map { found in
              [String: Double](
                uniqueKeysWithValues: Comparison.numbers(found).compactMap { name, value in
                  value.isFinite ? (name, value) : nil
                })
            }, curves: outcome.found.map(Self.curves))
        })
    }
  }

  private static func curves(_ found: Comparison.Found) -> [String: [[Double]]] {
    switch found {
    case .recovery(let edges, let nodes):
      ["edges": edges, "nodes": nodes].mapValues { curve in
        curve.points.map { [$0.falsePositiveRate, $0.truePositiveRate] }
      }
    case .faithfulness(let signed, let magnitude):
      ["signed": signed, "magnitude": magnitude].mapValues { curve in
        curve.points.map { [$0.fraction, $0.faithfulness.value] }.filter { $0[1].isFinite }
      }
    }
  }
}
