import Files
import Foundation
import Graphs
import Hashing
import Methods
import Synchronization
import Tensors

/// Where a long run keeps how far it has come: a file beside the directory that it will write.
public struct ResumePlace: Sendable {
  /// The directory that will be written.
  let target: RunDirectory
  var url: URL { target.url.state }
  let resumes: Bool
  let interval: Duration

  /// Chooses a place.
  ///
  /// - Parameters:
  ///   - target: The directory that will be written, whose lock is the state's, too.
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
  /// What the file holds: which run it is of, the method's own state, and the SHA-256 of that.
  private struct Contents: Codable {
    let run: [String: String]
    let state: Data
    let sha256: String
  }

  private let url: URL
  /// What makes a run what it is: names of its parts and what they are.
  private let run: [String: String]
  private let interval: Duration
  private var last = ContinuousClock.now
  private(set) var saved: Data?
  /// What is done before an interruption ends the process.
  private let parting = Parting()
  /// Says that a state was kept when a signal ends the process; from the first one on.
  private var interruption: Interruption?
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
    guard let data = try? RegularFile.contents(url),
      let contents = try? JSONDecoder().decode(Contents.self, from: data),
      contents.sha256 == sha256(of: contents.state)
    else {
      throw ExperimentError(
        "\(url.path): expected the state of an interrupted run; delete the file to start anew.")
    }
    for key in Set(run.keys).union(contents.run.keys).sorted() where run[key] != contents.run[key] {
      throw ExperimentError(
        """
        \(url.path): this is the state of another run: its \(key.shortened) is \
        \(contents.run[key]?.shortened ?? "not given"), here it is \(run[key] ?? "not given"). Repeat that run's \
        arguments, or choose another --output.
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
      let state = try make()
      let contents = try JSONEncoder().encode(
        Contents(run: run, state: state, sha256: sha256(of: state)))
      try Interruption.held { try SystemCalls.replace(url, with: contents) }
      if interruption == nil { listen() }
    } catch {
      note("note: \(url.path): the run's state could not be kept: \(reason(of: error)).")
    }
    last = .now
  }

  /// Where a method keeps how far it has come.
  func states(of device: Device) -> MethodRun.ResumeStates {
    MethodRun.ResumeStates(saved: saved) { make in
      self.save {
        // What a card made of a fault is not kept.
        try device.check()
        return try make()
      }
    }
  }

  private func listen() {
    let (path, parting) = (url.path, parting)
    interruption = Interruption {
      parting.work.withLock { $0?() }
      let line =
        "\ninterrupted: \(path) holds the run's state; repeat the command with --resume to go on.\n"
      FileHandle.standardError.write(Data(line.utf8))
    }
  }

  /// Has an interruption say nothing of the state any more; it is still there.
  func finish() { interruption?.end() }
}

extension ResumePlace {
  /// Forgets the state of a run whose results were written.
  public func forget() {
    for file in [url, url.appendingPathExtension(SystemCalls.partialExtension)] {
      try? FileManager.default.removeItem(at: file)
    }
  }
}
