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

  @OptionGroup(title: "Circuit") var selection: SelectionOptions
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
      from: URL(path: source), selection.plan, telling: bar.listener)
    if let target { try target.write(found.files()) }
    try found.show(target, output)
  }
}

extension Discovery {
  /// Prints what was found, and where its report is.
  func show(_ target: RunDirectory?, _ output: OutputOptions) throws {
    guard !output.json else {
      print(try record.json())
      return
    }
    print(
      """
      \(record.costLine)

      \(report.measureTable.text)
      \(report.pruningLine)
      \(report.measuredLine)

      \(report.metricText)

      \(report.topEdges(output.top).text)
      """)
    if let target { print("\nreport: \(target.url.appending(path: "report.html").path)") }
  }
}
