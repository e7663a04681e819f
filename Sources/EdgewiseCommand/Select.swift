import ArgumentParser
import Edgewise
import Foundation

struct Select: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Choose another circuit from the scores of a run.",
    discussion: """
      Writes what discover would have written with this choice, without scoring edges again.
      """)

  @Argument(help: "A run's directory.")
  var source: String

  @Option(
    help: "Where the run's model is: a directory, a .gguf file or a name. (default: where it was)")
  var model: String?

  @OptionGroup(title: "Circuit") var selection: SelectionOptions
  @OptionGroup(title: "Hardware") var hardware: HardwareOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    guard selection.plan.isGiven else {
      throw ValidationError(
        "Choose a circuit with --keep, --edges, --fraction, --threshold or --nodes.")
    }
  }

  func run() throws {
    let (target, bar) = try output.begin()
    let found = try FinishedRun.select(
      from: URL(path: source), selection.plan, model: model.map { ModelReference($0) },
      hardware: hardware.plan(), telling: bar.listener)
    try output.finish(target, found)
  }
}

extension OutputOptions {
  /// Writes what was found, and prints it and where its report is.
  func finish(_ target: RunDirectory?, _ found: Discovery) throws {
    try finish(
      target, files: found.files, json: found.record.json(), text: found.text(on: shown.page),
      report: "report.html")
  }
}
