import ArgumentParser
import Edgewise
import Foundation

struct RobustnessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "robustness",
    abstract: "Show how far a circuit's score depends on the choice of method.",
    discussion: """
      One circuit, its faithfulness when edges or nodes are ablated, by each ablation, at all positions \
      or at some, by several metrics (arXiv 2407.08734). With --output also writes robustness.csv.
      """)

  @OptionGroup(title: "Source and prompts") var source: EvaluationOptions
  @OptionGroup(title: "Circuit") var selection: SelectionOptions

  @Option(
    parsing: .unconditional,
    help: """
      The positions to compare with all: a list of numbers (negative from the end), ranges such as \
      3-5, last, and changed, where the prompts of a pair differ.
      """)
  var positions: AblatedPositions = .changedAndLast

  @Option(
    help: """
      The ablations to compare, with commas between. (default: resample,mean,positional-mean,zero)
      """)
  var ablation: CommaList<Ablation>?

  @Option(
    help: "Whether everything outside of the circuit is ablated (complement), or the circuit.")
  var part: AblationScheme.Part = .complement

  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let (target, bar) = try output.begin()
    var circuit = try source.plan(selection)
    circuit.part = part
    var plan = RobustnessPlan(source: circuit, positions: positions)
    if let ablation { plan.ablations = ablation.elements }
    let found = try plan.run(telling: bar.listener)
    try output.finish(
      target, files: { found.files.mapValues { Data($0.utf8) } }, json: found.json(),
      text: found.text(on: output.shown.page))
  }
}
