import ArgumentParser
import Edgewise
import Dispatch
import Foundation

/// Whether a run goes on where one was interrupted.
struct ResumeOptions: ParsableArguments {
  @Flag(help: "Go on where an interrupted run with the same --output stopped.")
  var resume = false

  @Option(
    parsing: .unconditional,
    help: "How many seconds lie between the states that a long run keeps beside --output.")
  var resumeSeconds: Double = 20

  func validate() throws {
    guard (0...1_000_000).contains(resumeSeconds) else {
      throw ValidationError(
        "--resume-seconds should be from 0 to 1000000, found \(resumeSeconds).")
    }
  }
}

/// The resume state of a long run, which is how far it has come, in a file beside the directory that it will write.
final class ResumeState {
  /// What the file holds: which run it is of, and the method's own state.
  private struct Contents: Codable {
    let run: [String: String]
    let state: Data
  }

  private let url: URL
  /// What makes a run what it is: names of its parts and what they are.
  private let run: [String: String]
  private let interval: Duration
  private var last = ContinuousClock.now
  private(set) var saved: Data?
  /// Says on Ctrl-C that a state was kept; from the first one on.
  private var interruption: (any DispatchSourceSignal)?

  /// Finds out whether a run can start or go on.
  ///
  /// - Parameters:
  ///   - target: The directory that will be written.
  ///   - run: Names of the run's parts and what they are.
  ///   - options: Whether to go on, and how often states are kept.
  /// - Throws: ``Failure`` when a state is there that was not asked for, or one of another run.
  init(beside target: RunDirectory, run: [String: String], _ options: ResumeOptions) throws {
    url = target.url.deletingLastPathComponent().appending(
      path: target.url.lastPathComponent + ".resume")
    self.run = run
    interval = .seconds(options.resumeSeconds)
    guard FileManager.default.fileExists(atPath: url.path) else {
      if options.resume { note("note: there is no \(url.path) to go on from; starting anew.") }
      return
    }
    guard options.resume else {
      throw Failure(
        """
        \(url.path): an interrupted run left its state here; add --resume to go on from it, or delete \
        the file to start anew.
        """)
    }
    guard let data = try? Data(contentsOf: url),
      let contents = try? JSONDecoder().decode(Contents.self, from: data)
    else {
      throw Failure(
        "\(url.path): expected the state of an interrupted run; delete the file to start anew.")
    }
    for key in Set(run.keys).union(contents.run.keys).sorted() where run[key] != contents.run[key] {
      throw Failure(
        """
        \(url.path): this is the state of another run: its \(key) is \(contents.run[key] ?? "not given"), \
        here it is \(run[key] ?? "not given"). Repeat that run's arguments, or choose another --output.
        """)
    }
    saved = contents.state
  }

  /// Keeps a state, unless the last one is young.
  func save(_ make: () throws -> Data) {
    guard ContinuousClock.now - last >= interval else { return }
    do {
      let contents = Contents(run: run, state: try make())
      try JSONEncoder().encode(contents).write(to: url, options: .atomic)
    } catch {
      note("note: \(url.path): the run's state could not be kept: \(reason(of: error)).")
    }
    last = .now
    if interruption == nil { listen() }
  }

  private func listen() {
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    let path = url.path
    source.setEventHandler {
      note(
        "\ninterrupted: \(path) holds the run's state; repeat the command with --resume to go on.")
      // Other threads are at work: nothing of theirs may be torn down.
      _exit(130)
    }
    source.resume()
    interruption = source
  }

  /// Writes the results of a run that is done, and forgets its state.
  func finish(_ write: () throws -> Void) rethrows {
    interruption?.cancel()
    interruption = nil
    try write()
    try? FileManager.default.removeItem(at: url)
  }
}
