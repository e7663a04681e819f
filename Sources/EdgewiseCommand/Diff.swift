import ArgumentParser
import Edgewise
import Foundation

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what differs between two runs, of one model or of two of one shape.",
    discussion: """
      As before and after fine-tuning, or of two checkpoints of a training: the edges, heads and MLPs whose scores moved, \
      what rankings have in common size by size, and both circuits. Runs no model. With --output also writes diff.json, \
      CSV files and both circuits in one drawing.
      """)

  @Argument(help: "A run's directory, or a file of scores.")
  var first: String

  @Argument(help: "Another one, of a model of the same shape.")
  var second: String

  @Option(help: "Whether ranks are those of magnitudes or of signed scores.")
  var ranking: EdgeScores.Ranking = .magnitude

  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let (target, _) = try output.begin()
    let found = try RunDifference(from: first, to: second, by: ranking)
    found.notes.forEach(note)
    try output.finish(
      target, files: { try found.files().mapValues { Data($0.utf8) } }, json: found.json(),
      text: found.text(on: output.shown.page))
  }
}
