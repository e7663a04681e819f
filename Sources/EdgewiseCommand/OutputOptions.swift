import ArgumentParser
import Edgewise
import Foundation

/// How results are shown.
struct ShownOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "How many rows tables of edges and nodes show; files and JSON have all.")
  var top: Int = 20

  @Flag(help: "Print one JSON object instead of tables.")
  var json = false

  /// The room that there is for text.
  var page: Page { .terminal(rows: top) }

  func validate() throws {
    guard top >= 0 else { throw ValidationError("--top should be 0 or more, found \(top).") }
  }
}

/// Where results go.
struct OutputOptions: ParsableArguments {
  @Option(help: "A new directory for the run's files.")
  var output: String?

  @OptionGroup var shown: ShownOptions

  @Flag(help: "Show no progress.")
  var quiet = false

  @Option(parsing: .unconditional, help: "How many threads to use; 0 for all processors.")
  var threads: Int = 0

  /// Readies the process; an output that cannot be written is refused before any work is done.
  func begin(resumes: Bool = false) throws -> (target: RunDirectory?, bar: ProgressBar) {
    ProcessSettings.keepFreedMemory()
    ProcessSettings.limitThreads(to: threads)
    return (
      try output.map { try RunDirectory(path: $0, resumes: resumes) }, ProgressBar(isQuiet: quiet)
    )
  }

  /// Writes the files of a result, and prints it and where they are, or where the one is that people read.
  func finish(
    _ target: RunDirectory?, files: () throws -> [String: Data],
    json: @autoclosure () throws -> String,
    text: @autoclosure () throws -> String, report: String? = nil
  ) throws {
    if let target { try target.write(files()) }
    print(try shown.json ? json() : text())
    guard let target, !shown.json else { return }
    let place = report.map { target.url.appending(path: $0) } ?? target.url
    print("\n\(report == nil ? "files" : "report"): \(place.path)")
  }

  func validate() throws {
    guard (0...1024).contains(threads) else {
      throw ValidationError("--threads should be from 0 to 1024, found \(threads).")
    }
  }
}
