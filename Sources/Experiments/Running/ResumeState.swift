import Files
import Foundation
import Graphs
import Hashing

/// Where a long run keeps how far it has come: a file beside the directory that it will write.
public struct ResumePlace: Sendable {
  let url: URL
  let resumes: Bool
  let interval: Duration

  /// Chooses a place.
  ///
  /// - Parameters:
  ///   - target: The directory that will be written, whose lock is the state's, too.
  ///   - resumes: Whether to go on from a state that is there.
  ///   - seconds: How many lie between two states.
  public init(beside target: RunDirectory, resumes: Bool = false, every seconds: Double = 20) {
    url = target.url.state
    self.resumes = resumes
    interval = .seconds(seconds)
  }
}

/// The resume state of a long run, which is how far it has come, in a file beside the directory that it will write.
final class ResumeState {
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

  /// Keeps a state, unless the last one is young.
  func save(_ make: () throws -> Data) {
    guard ContinuousClock.now - last >= interval else { return }
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

  private func listen() {
    let path = url.path
    interruption = Interruption {
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
