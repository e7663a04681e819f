import ArgumentParser
import Edgewise
import Foundation

struct Discover: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the circuit of a task in a model.",
    discussion: """
      Scores every edge, keeps the best ones and measures what they do. Prints the circuit, and with \
      --output also writes run.json, scores.safetensors, circuit.json, curve.csv and report.html.
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup(title: "Task") var task: TaskOptions
  @OptionGroup(title: "Method") var method: MethodChoice
  @OptionGroup(title: "Circuit") var selection: SelectionOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Long runs") var resuming: ResumeOptions

  func validate() throws {
    guard !resuming.resume || output.output != nil else {
      throw ValidationError("--resume goes with the --output of the run that was interrupted.")
    }
  }

  /// The choice of edges, that of the method itself if no size is given.
  func selected() throws -> CircuitSelection {
    let own = try method.entry().make(method.settings.options(seed: task.seed)).ownCircuit
    return selection.selection(default: own ?? CircuitSelection(.edges(200)))
  }

  func run() throws {
    let (target, bar) = try output.begin()
    let entry = try method.entry()
    let selected = try selected()
    let loaded = try model.load(from: try model.location())
    let made = try task.make(for: loaded, method: entry)
    let among = try method.amongFiles()
    let state = try target.map {
      try ResumeState(beside: $0, run: identity(loaded, made, among), resuming)
    }
    let model = loaded.model
    let problem = DiscoveryProblem(
      model: model, task: made.task,
      graph: model.configuration.graph(groupsKeysAndValues: method.edges.groupKeyValues),
      ablation: method.edges.ablation)
    let finder = entry.make(
      try method.options(seed: task.seed, problem.graph, model))
    try finder.check(problem)
    let heading = heading(model, problem.graph, made)
    let accuracy = made.task.accuracy(of: model)
    if !output.json { printTask(heading, accuracy) }
    made.task.warn(about: model, accuracy)

    let start = bar.seconds
    let run = MethodRun(
      progress: bar.show,
      states: state.map { .init(saved: $0.saved, save: $0.save) })
    let scores: EdgeScores
    do throws(MethodError) {
      scores = try finder.scores(for: problem, run: run)
    } catch {
      throw error == .notFinite
        ? model.overflow("The model's numbers overflow on these prompts") : error
    }
    let circuit = scores.circuit(selected)
    let discovered = bar.seconds
    let faithfulness = CircuitEvaluation(
      model: model, task: made.task, ablation: method.edges.ablation
    ).faithfulness(of: circuit, progress: bar.show)
    try faithfulness.requireNumbers(of: model)
    faithfulness.warnIfEmptyIsFull()
    let report = DiscoveryReport(
      heading: heading, scores: scores, circuit: circuit, ranking: selected.ranking,
      faithfulness: faithfulness, accuracy: accuracy)
    let record = RunRecord(
      arguments: Array(CommandLine.arguments.dropFirst()), modelFiles: loaded.files,
      taskFile: try made.file.map { try fileHashes(of: $0) },
      amongFiles: among, seed: task.seed, report: report,
      seconds: RunRecord.Seconds(load: start, discover: discovered - start, total: bar.seconds))
    if let target { try state?.finish { try target.write(record.files(report)) } }
    try printResult(report, record, target)
  }

  /// What makes this run another one than a run that was interrupted.
  private func identity(
    _ loaded: LoadedModel, _ made: TaskOptions.Made, _ among: [String: String]
  ) throws -> [String: String] {
    let hashes = { (files: [String: String]) in
      files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    return [
      "version": edgewiseVersion, "model": loaded.model.name, "model file": hashes(loaded.files),
      "seed": "\(task.seed)", "task": made.description,
      "task file": hashes(try made.file.map { try fileHashes(of: $0) } ?? [:]),
      "metric": made.task.metric.name, "method": method.description,
      "file of --among": hashes(among),
      "ablation": method.edges.ablation.rawValue,
      "grouping of keys and values": "\(method.edges.groupKeyValues)",
    ]
  }

  private func heading(
    _ transformer: Transformer, _ graph: ComputationGraph, _ made: TaskOptions.Made
  ) -> DiscoveryReport.Heading {
    DiscoveryReport.Heading(
      model: transformer.heading(graph),
      task: made.description,
      method: "\(method.description), \(method.edges.ablation.rawValue) ablation",
      metric: made.task.metric.name)
  }

  private func printTask(_ heading: DiscoveryReport.Heading, _ accuracy: Double?) {
    let standing = accuracy.map { ": the model is right on \(Numbers.percent($0)) of the prompts" }
    print(heading.model + "\n" + heading.task + (standing ?? ""))
    fflush(nil)
  }

  private func printResult(
    _ report: DiscoveryReport, _ record: RunRecord, _ target: RunDirectory?
  ) throws {
    if output.json {
      print(try record.json())
      return
    }
    print(
      """
      \(report.heading.method): \(Numbers.fixed(record.seconds.discover, 1)) s, \
      \(Numbers.fixed(record.seconds.total, 1)) s in all, peak memory \
      \(Numbers.count(record.peakMemoryBytes >> 20)) MiB

      \(report.measureTable.text)
      \(report.pruningLine)

      \(report.topEdges(output.top).text)
      """)
    if let target { print("\nreport: \(target.url.appending(path: "report.html").path)") }
  }
}
