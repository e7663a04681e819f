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

  @OptionGroup(title: "Source and prompts") var source: EvaluationOptions
  @OptionGroup(title: "Circuit") var selection: SelectionOptions
  @OptionGroup(title: "Ablation") var scheme: SchemeOptions
  @OptionGroup(title: "Measures") var measures: MeasureOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let (target, bar) = try output.begin()
    let found = try EvaluationSource(source, selection)
    let scheme = scheme.scheme(found.discovery)
    let measuring = try Measuring(
      found: found, scheme: scheme, options: measures, bar: bar)
    let report = try measuring.report()
    let record = EvaluationRecord(
      arguments: Array(CommandLine.arguments.dropFirst()), found: found, scheme: scheme,
      report: report,
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
}

/// What is measured.
struct MeasureOptions: ParsableArguments {
  /// A part of an evaluation.
  enum Measure: String, CaseIterable, ExpressibleByArgument {
    case random, curve, completeness, minimality, stability, none
  }

  @Option(
    help: """
      What to measure besides the circuit itself, with commas between: \
      \(Measure.allCases.map(\.rawValue).joined(separator: ", ")). (default: all that the source allows)
      """)
  var measures: CommaList<Measure>?

  @Option(parsing: .unconditional, help: "Random circuits, knockouts and draws of prompts.")
  var draws: Int = 10

  @Option(
    help:
      "The true circuit: a run, a file, or a model whose circuit is known. Adds precision, recall, IoU and AUC."
  )
  var truth: String?

  @Option(help: "Other scores of the same model: a run or file. Adds their agreement.")
  var against: String?

  func validate() throws {
    guard (2...1000).contains(draws) else {
      throw ValidationError("--draws should be from 2 to 1000, found \(draws).")
    }
  }
}
