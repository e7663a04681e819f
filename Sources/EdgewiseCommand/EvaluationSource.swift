import ArgumentParser
import Edgewise
import Foundation

/// What is evaluated, and on which model and prompts.
struct EvaluationOptions: ParsableArguments {
  @Argument(
    help: """
      A run's directory, or a file: a circuit in EAP-IG's JSON, scores (.safetensors), or what EAP-IG \
      (.pt), ACDC (.pth, .pkl) or Edge Pruning (edges.json) wrote.
      """)
  var source: String

  @Option(help: "The model: a directory, a .gguf file or a name. (default: the run's)")
  var model: String?

  @Option(help: "A built-in task or a file. (default: the run's, on other prompts)")
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

  @Flag(help: "Leave out a file's pairs whose prompts differ in tokens instead of refusing them.")
  var skipUnequal = false

  @OptionGroup var files: FileOptions

  func validate() throws {
    if let count, !(1...1_000_000).contains(count) {
      throw ValidationError("--count should be from 1 to 1000000, found \(count).")
    }
  }
}

/// A circuit with everything that is needed to run it.
struct EvaluationSource {
  let loaded: LoadedModel
  let circuit: Circuit
  let scores: EdgeScores?
  let task: CircuitTask
  /// What is said of the prompts: which they are and whether the circuit was found on them.
  let taskDescription: String
  /// The run that found the circuit, when it is at hand.
  let run: FinishedRun?
  /// How edges rank and circuits are chosen: as the user says, else as in the discovery.
  let selection: CircuitSelection
  /// What is said of where the circuit comes from.
  let circuitDescription: String
  /// What is said of how edges rank.
  var selectionDescription: String {
    "edges ranked by \(selection.ranking.rawValue), order \(selection.order.rawValue)"
  }

  var model: Transformer { loaded.model }
  /// The command that found the circuit.
  var discovery: Discover? { run?.discovery }

  /// Loads a run or a file, and makes the prompts.
  ///
  /// - Throws: ``Failure`` and the library's errors, each a sentence for the user.
  init(_ options: EvaluationOptions, _ selection: SelectionOptions) throws {
    guard !options.source.isEmpty else { throw Failure("The source should be a run or a file.") }
    let url = URL(filePath: options.source)
    let run = try FinishedRun(url)
    guard run != nil || FileManager.default.fileExists(atPath: url.path) else {
      throw Failure("\(options.source): there is no such run or file.")
    }
    self.run = run
    self.selection = selection.selection(
      default: try run?.discovery.selected() ?? CircuitSelection(.edges(0)))
    loaded = try Self.model(options, run)
    let contents = try Self.contents(url, loaded.model)
    scores = contents.scores
    let chosen = try Self.circuit(contents, selection.size == nil ? nil : self.selection, options)
    circuit = selection.prune ? chosen.pruned() : chosen
    let origin = run.map { run in
      let method = run.discovery.method
      return "found by \(method.description), \(method.edges.ablation) ablation, \(run.metric)"
    }
    circuitDescription = origin ?? "from a file of \(contents.format)"
    (task, taskDescription) = try Self.prompts(options, run, loaded)
  }

  private static func model(_ options: EvaluationOptions, _ run: FinishedRun?) throws -> LoadedModel
  {
    guard let name = options.model ?? run?.discovery.model.model else {
      throw Failure(
        "\(options.source): a file does not say which model it is about; name it with --model.")
    }
    let argument = try ModelArgument.named(name, options.files)
    let directory = options.model == nil ? run?.workingDirectory : nil
    let location = try argument.location(relativeTo: directory)
    let loaded = try argument.load(from: location)
    if options.model == nil, let run, let location {
      guard loaded.files == run.modelFiles else {
        throw Failure(
          """
          \(location.path): this is not the model of the run any more: its files have changed. Name \
          the model with --model to evaluate the circuit in it all the same.
          """)
      }
    }
    return loaded
  }

  /// The file with the circuit: a run's own, or the one that is named.
  static func circuitFile(_ url: URL) -> URL {
    let circuit = url.appending(path: "circuit.json")
    return FileManager.default.fileExists(atPath: circuit.path) ? circuit : url
  }

  /// The circuit and scores of a file, or of a run's directory.
  static func contents(_ url: URL, _ model: Transformer) throws -> CircuitFile.Contents {
    let read = { (url: URL) in try CircuitFile.read(url, for: model.configuration.graphs) }
    let circuit = circuitFile(url)
    guard circuit != url else { return try read(url) }
    return CircuitFile.Contents(
      circuit: try read(circuit).circuit,
      scores: try read(url.appending(path: "scores.safetensors")).scores, format: "Edgewise")
  }

  private static func circuit(
    _ contents: CircuitFile.Contents, _ selection: CircuitSelection?, _ options: EvaluationOptions
  ) throws -> Circuit {
    if let selection {
      guard let scores = contents.scores else {
        throw Failure(
          "\(options.source): the file has no scores, so no other circuit can be chosen from it.")
      }
      return scores.circuit(selection)
    }
    guard let circuit = contents.circuit else {
      throw Failure(
        """
        \(options.source): the file has scores but no circuit; choose one with --edges, --fraction, \
        --threshold or --nodes.
        """)
    }
    return circuit
  }

  /// The prompts: other ones than the circuit was found on, where the task can make them.
  private static func prompts(
    _ options: EvaluationOptions, _ run: FinishedRun?, _ loaded: LoadedModel
  ) throws -> (CircuitTask, String) {
    let method = try run?.discovery.method.entry()
    let found = run.map { $0.discovery.task.absolute(in: $0.workingDirectory) }
    var task = try found ?? TaskOptions.parse([])
    if let name = options.task {
      task.task = name
      task = task.absolute(in: nil)
    }
    if TaskOptions.file(task.name(for: loaded)) != nil, options.count != nil || options.seed != nil
    {
      throw Failure("--count and --seed go with built-in tasks; a task's file is run as it is.")
    }
    task.count = options.count ?? task.count
    task.metric = options.metric ?? task.metric
    task.skipUnequal = options.skipUnequal || task.skipUnequal
    task.seed = options.seed ?? (found.map { $0.seed &+ 1 } ?? task.seed)
    let isSame = found.map { task.name(for: loaded) == $0.name(for: loaded) } ?? false
    guard let run, let found, isSame else {
      let made = try task.make(for: loaded, method: method)
      let note = run == nil ? "" : "; another task than the circuit was found on"
      return (made.task, made.description + note)
    }
    if let file = TaskOptions.file(task.name(for: loaded)) {
      guard try run.taskFile == fileHashes(of: file) else {
        throw Failure(
          """
          \(file.path): this is not the task of the run any more: the file has changed. Copy it to \
          another name and give that with --task to use it all the same.
          """)
      }
      let made = try task.make(for: loaded, method: method)
      return (made.task, "\(made.description); the circuit was found on these prompts")
    }
    if task.seed == found.seed || loaded.isFixed(task.name(for: loaded)) {
      let made = try task.make(for: loaded, method: method)
      return (made.task, "\(made.description); the circuit was found on these very prompts")
    }
    let seen = try found.make(for: loaded).task.pairs
    let made = try task.make(for: loaded, method: method, without: seen)
    return (
      made.task,
      "\(made.description): held out, the circuit was found on seed \(found.seed)"
    )
  }
}

/// A run's directory that `discover` wrote.
struct FinishedRun {
  let discovery: Discover
  /// The metric that edges were scored by.
  let metric: String
  let workingDirectory: URL
  let modelFiles: [String: String]
  let taskFile: [String: String]?
  private let amongFiles: [String: String]

  private struct Record: Decodable {
    let arguments: [String]
    let metric: String
    let workingDirectory: String
    let modelFiles: [String: String]
    let taskFile: [String: String]?
    let amongFiles: [String: String]
  }

  /// Reads what a run says of itself; nil when the path is not a directory.
  ///
  /// - Throws: ``Failure`` for a directory without a run's record.
  init?(_ url: URL) throws {
    guard (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false else {
      return nil
    }
    let file = url.appending(path: "run.json")
    guard let data = try? Data(contentsOf: file) else {
      throw Failure("\(url.path): expected the directory of a run, with run.json.")
    }
    guard let record = try? JSONDecoder().decode(Record.self, from: data),
      record.arguments.first == "discover",
      let discovery = try? Discover.parse(Array(record.arguments.dropFirst()))
    else {
      throw Failure(
        """
        \(file.path): expected the record of a run of this version, with the arguments of discover, \
        workingDirectory, modelFiles and amongFiles; run discover again.
        """)
    }
    self.discovery = discovery
    metric = record.metric
    workingDirectory = URL(filePath: record.workingDirectory, directoryHint: .isDirectory)
    modelFiles = record.modelFiles
    taskFile = record.taskFile
    amongFiles = record.amongFiles
  }

  /// The options of the method, with the edges that it was told to look at.
  ///
  /// - Throws: ``Failure`` when the file that names them is not the one that it was.
  func methodOptions(_ graph: ComputationGraph, _ model: Transformer) throws -> MethodOptions {
    let choice = discovery.method.absolute(in: workingDirectory)
    guard try choice.amongFiles() == amongFiles else {
      throw Failure(
        "\(choice.among ?? ""): this is not the --among of the run any more: the file has changed.")
    }
    return try choice.options(seed: discovery.task.seed, graph, model)
  }
}
