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

  private func plan() throws -> EvaluationPlan {
    var plan = try source.plan(selection)
    plan.ablation = scheme.ablation
    (plan.granularity, plan.part, plan.positions) = (
      scheme.granularity, scheme.part, scheme.positions
    )
    plan.measures = measures.measures?.elements
    plan.draws = measures.draws
    (plan.truth, plan.against) = (measures.truth, measures.against)
    return plan
  }

  func run() throws {
    let (target, bar) = try output.begin()
    let found = try EvaluationSource(plan(), telling: bar.listener)
    let report = try found.evaluate(telling: bar.listener)
    let json = try found.json(report)
    let files = report.files.merging(["evaluation.json": json + "\n"]) { $1 }
    try output.finish(
      target, files: { files.mapValues { Data($0.utf8) } }, json: json,
      text: report.text(on: output.shown.page))
  }
}

/// The choices of method that a circuit's score depends on.
struct SchemeOptions: ParsableArguments {
  @Option(help: "What an ablated edge carries. (default: as in the discovery)")
  var ablation: Ablation?

  @Option(help: "Whether edges or whole nodes are ablated.")
  var granularity: AblationScheme.Granularity = .edges

  @Option(
    help: """
      Whether everything outside of the circuit is ablated (complement), or the circuit itself. \
      Completeness and minimality have their own.
      """)
  var part: AblationScheme.Part = .complement

  @Option(
    parsing: .unconditional,
    help: """
      At which tokens of each prompt: all, or a list of numbers (negative from the end), ranges \
      such as 3-5, last, and changed, where the prompts of a pair differ.
      """)
  var positions: AblatedPositions = .all
}

/// What is measured.
struct MeasureOptions: ParsableArguments {
  @Option(
    help: """
      What to measure besides the circuit itself, with commas between: \
      \(EvaluationMeasure.all.map(\.name).joined(separator: ", ")). (default: all that the source allows)
      """)
  var measures: CommaList<EvaluationMeasure>?

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
