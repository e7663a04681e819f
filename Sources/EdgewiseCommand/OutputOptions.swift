import ArgumentParser
import Edgewise

/// Where results go.
struct OutputOptions: ParsableArguments {
  @Option(help: "A new directory for the run's files.")
  var output: String?

  @Option(parsing: .unconditional, help: "How many edges a table shows; files and JSON have all.")
  var top: Int = 20

  @Flag(help: "Print one JSON object instead of tables.")
  var json = false

  @Flag(help: "Show no progress.")
  var quiet = false

  @Option(parsing: .unconditional, help: "How many threads to use; 0 for all processors.")
  var threads: Int = 0

  /// Readies the process; an output that cannot be written is refused before any work is done.
  func begin() throws -> (target: RunDirectory?, bar: ProgressBar) {
    ProcessSettings.keepFreedMemory()
    ProcessSettings.limitThreads(to: threads)
    return (try output.map { try RunDirectory(path: $0) }, ProgressBar(isQuiet: quiet))
  }

  func validate() throws {
    guard (0...1024).contains(threads) else {
      throw ValidationError("--threads should be from 0 to 1024, found \(threads).")
    }
    guard top >= 0 else { throw ValidationError("--top should be 0 or more, found \(top).") }
  }
}
