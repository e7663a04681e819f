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

  @Flag(help: "Leave out a file's pairs whose prompts differ in tokens instead of refusing them.")
  var skipUnequal = false

  @OptionGroup var files: FileOptions
  @OptionGroup(title: "Methods") var settings: MethodSettings
  @OptionGroup(title: "Methods") var edges: EdgeChoice
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let (target, bar) = try output.begin()
    let methods = try method.elements.map { try DiscoveryMethods.named($0) }
    if let metric { _ = try Metrics.named(metric) }
    let comparison = Comparison(tasks: try tasks(methods, bar))
    let json = try sortedJSON(
      ComparisonRecord(comparison, arguments: Array(CommandLine.arguments.dropFirst())))
    if let target {
      var files = ["comparison.json": Data((json + "\n").utf8)]
      for (task, svg) in comparison.plots { files["\(task).svg"] = Data(svg.utf8) }
      files["comparison.txt"] = Data((comparison.text + "\n").utf8)
      try target.write(files)
    }
    print(output.json ? json : comparison.summary)
    if let target, !output.json { print("\nfiles: \(target.url.path)") }
  }

  /// Runs every method on every task of every model; a task that a model does not allow is passed over.
  private func tasks(_ methods: [MethodEntry], _ bar: ProgressBar) throws -> [Comparison.Task] {
    var tasks: [Comparison.Task] = []
    var problem: (any Error)?
    for (argument, location) in try places() {
      let loaded = try argument.load(from: location)
      for task in task?.elements.map(Optional.some) ?? [nil] {
        do {
          let run = try ComparisonRun(self, loaded, task, bar)
          let name = run.name(among: tasks.map(\.name), isAlone: models.count == 1)
          let outcome = try run.task(methods, name: name)
          tasks.append(outcome)
          if !output.json { print(outcome.text + "\n") }
          fflush(nil)
        } catch {
          note("note: \(task ?? "the task") of \(argument.model) is left out: \(error)")
          problem = error
        }
      }
    }
    if tasks.isEmpty, let problem { throw problem }
    guard tasks.contains(where: { $0.outcomes.contains { $0.found != nil } }) else {
      throw Failure("None of the methods says anything about these tasks.")
    }
    return tasks
  }

  /// The models with their places; what is misspelt is found before anything is run.
  private func places() throws -> [(ModelArgument, URL?)] {
    let own = PlantedCircuits.names
    for name in task?.elements ?? [] where !own.contains(name) {
      guard let file = TaskOptions.file(name) else {
        _ = try BuiltInTasks.named(name)
        continue
      }
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw Failure("\(file.path): there is no such task file.")
      }
    }
    return try models.map { name in
      let argument = try ModelArgument.named(name, files)
      return (argument, try argument.location())
    }
  }

  /// The prompts of a task.
  func prompts(_ task: String?, seed: UInt64) throws -> TaskOptions {
    var options = try TaskOptions.parse([])
    (options.task, options.count, options.seed, options.metric) = (task, count, seed, metric)
    options.skipUnequal = skipUnequal
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
