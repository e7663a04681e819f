import ArgumentParser
import Edgewise
import Foundation

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write runs in the form that others ask for.",
    subcommands: [ExportMIB.self])
}

struct ExportMIB: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mib",
    abstract: "Write a submission to the circuit track of the MIB benchmark.",
    discussion: """
      A folder for each run, named by its task and model, with the importances of all edges in EAP-IG's JSON; or with nine \
      circuits of at most 0.1 to 50 % of the edges. Runs no model.
      """)

  @Argument(help: "Runs' directories, or files of scores.")
  var runs: [String]

  @Flag(help: "Write nine circuits for each run instead of the importances of its edges.")
  var circuits = false

  @Option(help: "Whether edges of circuits rank by magnitude or signed.")
  var ranking: EdgeScores.Ranking = .magnitude

  @Option(
    help: "Whether the best edges are taken (top), or from the logits backward (greedy).")
  var order: CircuitSelection.Order = .top

  @Option(
    help: """
      The folders, with commas between them, such as ioi_gpt2, as many as runs. (default: the runs' tasks and models)
      """)
  var names: CommaList<String>?

  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    guard output.output != nil else { throw ValidationError("Name a new directory with --output.") }
  }

  func run() throws {
    let (target, _) = try output.begin()
    let submission = try MIBSubmission(
      of: runs, names: names?.elements,
      as: circuits ? .circuits(ranking: ranking, order: order) : .importances)
    try output.finish(
      target, files: submission.files, json: submission.json(),
      text: submission.text(on: output.shown.page))
  }
}
