import Dispatch
import Synchronization
import Files
import Foundation

/// Where a long run keeps how far it has come: a file beside the directory that it will write.
public struct ResumePlace: Sendable {
  /// The directory that will be written.
  let target: RunDirectory
  var url: URL { target.stateFile }
  let resumes: Bool
  let interval: Duration

  /// Chooses a place.
  ///
  /// - Parameters:
  ///   - target: The directory that will be written.
  ///   - resumes: Whether to go on from a state that is there.
  ///   - seconds: How many lie between two states.
  public init(beside target: RunDirectory, resumes: Bool = false, every seconds: Double = 20) {
    self.target = target
    self.resumes = resumes
    interval = .seconds(seconds)
  }
}

/// The resume state of a long run, which is how far it has come, in a file beside the directory that it will write.
public final class ResumeState {
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
  /// What is done before an interruption ends the process.
  private let parting = Parting()
  /// Say on Ctrl-C, and when the process is ended, that a state was kept; from the first one on.
  private var interruptions: [any DispatchSourceSignal] = []
  private let note: (String) -> Void

  /// Finds out whether a run can start or go on.
  ///
  /// - Parameters:
  ///   - place: Where states are kept, whether to go on, and how often they are.
  ///   - run: Names of the run's parts and what they are.
  ///   - note: Is told what the user should know.
  /// - Throws: ``ExperimentError`` when a state is there that was not asked for, or one of another run.
  init(
    _ place: ResumePlace, run: [String: String], note: @escaping (String) -> Void
  ) throws {
    url = place.url
    self.run = run
    self.note = note
    interval = place.interval
    guard FileManager.default.fileExists(atPath: url.path) else {
      if place.resumes { note("note: there is no \(url.path) to go on from; starting anew.") }
      return
    }
    guard place.resumes else {
      throw ExperimentError(
        """
        \(url.path): an interrupted run left its state here; add --resume to go on from it, or delete \
        the file to start anew.
        """)
    }
    guard let data = try? Data(contentsOf: url),
      let contents = try? JSONDecoder().decode(Contents.self, from: data)
    else {
      throw ExperimentError(
        "\(url.path): expected the state of an interrupted run; delete the file to start anew.")
    }
    for key in Set(run.keys).union(contents.run.keys).sorted() where run[key] != contents.run[key] {
      throw ExperimentError(
        """
        \(url.path): this is the state of another run: its \(key) is \(contents.run[key] ?? "not given"), \
        here it is \(run[key] ?? "not given"). Repeat that run's arguments, or choose another --output.
        """)
    }
    saved = contents.state
  }

  /// Something that is done when the process is interrupted, on another thread than the run's.
  private final class Parting: Sendable {
    let work = Mutex<(@Sendable () -> Void)?>(nil)
  }

  /// Says what is done before an interruption ends the process, such as writing what there is; instead of what was
  /// said before.
  func whenInterrupted(_ work: @escaping @Sendable () -> Void) {
    parting.work.withLock { $0 = work }
  }

  /// Keeps a state, unless the last one is young and this one is nothing special.
  func save(always isSpecial: Bool = false, _ make: () throws -> Data) {
    guard isSpecial || ContinuousClock.now - last >= interval else { return }
    do {
      let contents = Contents(run: run, state: try make())
      try JSONEncoder().encode(contents).write(to: url, options: .atomic)
    } catch {
      note("note: \(url.path): the run's state could not be kept: \(reason(of: error)).")
    }
    last = .now
    if interruptions.isEmpty { listen() }
  }

  private func listen() {
    let (path, parting) = (url.path, parting)
    interruptions = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        parting.work.withLock { $0?() }
        let line =
          "\ninterrupted: \(path) holds the run's state; repeat the command with --resume to go on.\n"
        FileHandle.standardError.write(Data(line.utf8))
        // Other threads are at work: nothing of theirs may be torn down.
        _exit(128 + number)
      }
      source.resume()
      return source
    }
  }

  /// Lets an interruption end the process again; the state is still there.
  func finish() {
    guard !interruptions.isEmpty else { return }
    for source in interruptions { source.cancel() }
    interruptions = []
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}

extension ResumePlace {
  /// Forgets the state of a run whose results were written.
  public func forget() { try? FileManager.default.removeItem(at: url) }
}
