import ArgumentParser
import Edgewise
import Foundation

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what a circuit does, on prompts it was not found on.",
    discussion: """
      Prints the circuit by every metric, random circuits like it, faithfulness over sizes with MIB's \
      CPR and CMD, completeness, minimality, and stability over prompts. With --output also writes \
      evaluation.json, CSV files and plots as SVG.
      """)

  @OptionGroup var source: EvaluationOptions
  @OptionGroup(title: "Circuit") var selection: SelectionOptions
  @OptionGroup(title: "Ablation") var scheme: SchemeOptions
  @OptionGroup(title: "Measures") var measures: MeasureOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let (target, bar) = try output.begin()
    let found = try EvaluationSource(source, selection)
    let truth = try measures.truth.map { try Self.read($0, found).circuit }
    let others = try measures.against.map { try Self.read($0, found).scores }
    let scheme = scheme.scheme(found.discovery)
    let report = try Measuring(
      found: found, scheme: scheme, selection: selection, options: measures, bar: bar
    ).report(truth: truth ?? nil, others: others ?? nil)
    let record = EvaluationRecord(
      arguments: Array(CommandLine.arguments.dropFirst()), report: report,
      seconds: bar.seconds)
    let json = try sortedJSON(record)
    if let target {
      var files = report.files
      files["evaluation.json"] = json + "\n"
      try target.write(files.mapValues { Data($0.utf8) })
    }
    print(output.json ? json : report.text(edges: output.top))
    if let target, !output.json { print("\nfiles: \(target.url.path)") }
  }

  /// Another circuit or scores of the same model: a file, or a run's directory.
  private static func read(
    _ path: String, _ found: EvaluationSource
  ) throws -> CircuitFile.Contents {
    let contents = try EvaluationSource.contents(URL(filePath: path), found.model)
    let graph = contents.circuit?.graph ?? contents.scores?.graph
    guard graph == found.circuit.graph else {
      throw Failure("\(path): it groups keys and values in another way than the circuit does.")
    }
    return contents
  }
}

/// What is measured.
struct MeasureOptions: ParsableArguments {
  /// A part of an evaluation.
  enum Measure: String, CaseIterable, ExpressibleByArgument {
    case random, curve, completeness, minimality, stability
  }

  @Option(
    parsing: .upToNextOption,
    help: """
      What to measure besides the circuit itself: \
      \(Measure.allCases.map(\.rawValue).joined(separator: ", ")). (default: all that the source allows)
      """)
  var measures: [Measure] = Measure.allCases

  @Option(parsing: .unconditional, help: "Random circuits, knockouts and draws of prompts.")
  var draws: Int = 10

  @Option(help: "The true circuit: a run or file. Adds precision, recall, IoU and AUC.")
  var truth: String?

  @Option(help: "Other scores of the same model: a run or file. Adds their agreement.")
  var against: String?

  func validate() throws {
    guard (2...10_000).contains(draws) else {
      throw ValidationError("--draws should be from 2 to 10000, found \(draws).")
    }
  }
}
