public import ArgumentParser
public import Edgewise
import Foundation

extension AttributionPatching.Rule: ExpressibleByArgument {}
extension Ablation: ExpressibleByArgument {}

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

  /// The choice of edges.
  var selected: CircuitSelection { selection.selection() }

  func run() throws {
    let (target, bar) = try output.begin()
    let location = try model.location()
    let transformer = try model.load(from: location)
    let made = try task.make(for: transformer)
    let modelFiles = try location.map(fileHashes(of:)) ?? [:]
    let taskFile = try made.file.map(fileHashes(of:))
    let graph = transformer.configuration.graph(groupsKeysAndValues: method.groupKeyValues)
    let problem = DiscoveryProblem(
      model: transformer, task: made.task, graph: graph, ablation: method.ablation)

    let discovery = bar.seconds
    let scores = try method.entry().make(method.options).scores(for: problem, progress: bar.show)
    let circuit = scores.circuit(selected)
    let discovered = bar.seconds
    let evaluation = CircuitEvaluation(
      model: transformer, task: made.task, ablation: method.ablation)
    let measured = evaluation.faithfulness(
      of: [circuit],
      by: made.task.allows(Accuracy()) ? [made.task.metric, Accuracy()] : [made.task.metric],
      progress: bar.show)[0]
    guard measured[0].isFinite else {
      throw Failure(
        "The \(made.task.metric.name) of a run is not a number; check the model's weights.")
    }
    measured[0].warnIfEmptyIsFull()
    let report = DiscoveryReport(
      heading: heading(transformer, graph, made), scores: scores, circuit: circuit,
      ranking: selected.ranking, faithfulness: measured[0],
      accuracy: made.task.allows(Accuracy()) ? measured[1].full.mean : nil)
    let record = RunRecord(
      arguments: Array(CommandLine.arguments.dropFirst()),
      modelFiles: modelFiles, taskFile: taskFile, seed: task.seed, report: report,
      seconds: RunRecord.Seconds(
        load: discovery, discover: discovered - discovery, total: bar.seconds))
    try target?.write(record.files(report))
    try printResult(report, record, target)
  }

  private func heading(
    _ transformer: Transformer, _ graph: ComputationGraph, _ made: TaskOptions.Made
  ) -> DiscoveryReport.Heading {
    DiscoveryReport.Heading(
      model: """
        \(transformer.name): \(graph.layerCount) layers of \(graph.headCount) heads, \
        \(Numbers.count(graph.edgeCount)) edges
        """,
      task: made.description,
      method: "\(method.description), \(method.ablation.rawValue) ablation",
      metric: made.task.metric.name)
  }

  private func printResult(
    _ report: DiscoveryReport, _ record: RunRecord, _ target: RunDirectory?
  ) throws {
    if output.json {
      print(try record.json())
      return
    }
    let heading = report.heading
    let accuracy = report.accuracy.map { ", right on \(Numbers.percent($0)) of the prompts" } ?? ""
    print(
      """
      \(heading.model)
      \(heading.task): \(heading.metric) \(Numbers.fixed(report.faithfulness.full.mean)), \
      \(Numbers.fixed(report.faithfulness.empty.mean)) \
      \(method.ablation == .resample ? "on the corrupted prompts" : "with every edge ablated")\(accuracy)
      \(heading.method): \(Numbers.fixed(record.seconds.discover, 1)) s, \
      \(Numbers.fixed(record.seconds.total, 1)) s in all, peak memory \
      \(Numbers.count(record.peakMemoryBytes >> 20)) MiB

      \(report.measureTable.text)
      \(report.pruningLine)

      \(report.topEdges(output.top).text)
      """)
    if let target { print("\nreport: \(target.url.appending(path: "report.html").path)") }
  }
}

/// The method and what it needs to know.
struct MethodChoice: ParsableArguments {
  @Option(help: "One of \(Edgewise.Methods.all.map(\.name).joined(separator: ", ")).")
  var method: String = Edgewise.Methods.all[0].name

  @Option(parsing: .unconditional, help: "Points of the integral of eap-ig.")
  var steps: Int = 5

  @Option(help: "Where those points lie: left or right.")
  var rule: AttributionPatching.Rule = .left

  @Option(help: "What an ablated edge carries.")
  var ablation: Ablation = .resample

  @Flag(help: "Give heads that share a key or value one reader for it.")
  var groupKeyValues = false

  var options: MethodOptions { MethodOptions(steps: steps, rule: rule) }

  var description: String {
    method == "eap-ig" ? "\(method) with \(steps) steps, \(rule.rawValue) rule" : method
  }

  func entry() throws -> MethodEntry { try Edgewise.Methods.named(method) }

  func validate() throws {
    guard (1...10_000).contains(steps) else {
      throw ValidationError("--steps should be from 1 to 10000, found \(steps).")
    }
  }
}
