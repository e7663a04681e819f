import Files
public import Foundation

/// The files of a run, written all or none.
public struct RunDirectory: Sendable {
  /// Where it is.
  public let url: URL

  /// Takes a new directory, or one that is empty.
  ///
  /// - Parameters:
  ///   - path: Where it is.
  ///   - resumes: Whether it may hold what a run wrote when it was interrupted: its state lies then beside it.
  /// - Throws: ``ExperimentError`` when it already holds something, since no run is overwritten, or
  ///   cannot be made: before any work is done.
  public init(path: String, resumes: Bool = false) throws {
    guard !path.isEmpty else { throw ExperimentError("--output should name a new directory.") }
    url = URL(filePath: path, directoryHint: .isDirectory)
    let parent = url.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    } catch {
      throw ExperimentError("\(parent.path): the directory cannot be made: \(reason(of: error)).")
    }
    guard FileManager.default.isWritableFile(atPath: parent.path) else {
      throw ExperimentError(
        "\(parent.path): nothing can be written there; choose another --output.")
    }
    guard FileManager.default.fileExists(atPath: url.path),
      !resumes || !FileManager.default.fileExists(atPath: stateFile.path)
    else { return }
    let contents = try? FileManager.default.contentsOfDirectory(atPath: url.path)
    guard contents?.isEmpty ?? false else {
      throw ExperimentError(
        "\(path) is already there and is not an empty directory; choose another --output.")
    }
  }

  /// The file beside it in which a long run keeps how far it has come.
  var stateFile: URL {
    url.deletingLastPathComponent().appending(path: url.lastPathComponent + ".resume")
  }

  /// Writes files by name, all or none.
  public func write(_ contents: [String: Data]) throws {
    // The moment it takes is not interrupted, so that nothing half-written is left.
    let (interrupt, terminate) = (signal(SIGINT, SIG_IGN), signal(SIGTERM, SIG_IGN))
    defer {
      signal(SIGINT, interrupt)
      signal(SIGTERM, terminate)
    }
    let files = FileManager.default
    let parent = url.deletingLastPathComponent()
    let partial = parent.appending(path: ".\(url.lastPathComponent).\(UUID().uuidString).partial")
    do {
      try files.createDirectory(at: partial, withIntermediateDirectories: true)
      defer { try? files.removeItem(at: partial) }
      for (name, data) in contents.sorted(by: { $0.key < $1.key }) {
        try data.write(to: partial.appending(path: name))
      }
      if files.fileExists(atPath: url.path) { try files.removeItem(at: url) }
      try files.moveItem(at: partial, to: url)
    } catch {
      throw ExperimentError("\(url.path): the run could not be written: \(reason(of: error)).")
    }
  }
}
