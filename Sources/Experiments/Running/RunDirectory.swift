import Files
public import Foundation
import Graphs

/// The files of a run, written all or none into a directory that is this run's alone.
///
/// The directory is made at once, so that a name that cannot be is found out before any work, and locked: no other
/// process can choose it. Unless files are written it is gone when the run is.
public final class RunDirectory {
  /// Where it is.
  public let url: URL
  /// Where it is when links are followed.
  private let place: URL
  /// Holds the lock, which ends with the process at the latest.
  private let lock: FileHandle
  /// The directories that were made, the outermost first.
  private var made: [URL]
  private let interruption: Interruption

  /// Takes a new directory, or one that is empty.
  ///
  /// - Throws: ``ExperimentError`` when it already holds something, since no run is overwritten, is another run's, or
  ///   cannot be made: before any work is done.
  public init(path: String) throws {
    guard !path.isEmpty else { throw ExperimentError("--output should name a new directory.") }
    url = URL(path: path)
    var made = try Self.make(url)
    do {
      place = url.resolvingSymlinksInPath()
      lock = try Self.lock(url, place)
    } catch {
      Self.remove(made)
      throw error
    }
    // A run that was killed and left its state has left its empty directory, too.
    if made.isEmpty, url.state.isThere { made = [place] }
    self.made = made
    interruption = Interruption { [made] in RunDirectory.remove(made) }
    removeLeftovers()
  }

  deinit {
    interruption.end()
    Self.remove(made)
  }

  /// Writes files by name, all or none.
  ///
  /// - Throws: ``ExperimentError`` when they cannot be written, or when something has appeared in the directory, which
  ///   stays: the files are put beside it then, and the error says where.
  public func write(_ contents: [String: Data]) throws {
    // The moment it takes is not interrupted, so that nothing half-written is left.
    try Interruption.held {
      let partial = sibling(".\(place.lastPathComponent).\(UUID().uuidString)\(Self.partial)")
      do {
        try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: false)
        for (name, data) in contents.sorted(by: { $0.key < $1.key }) {
          try data.write(to: partial.appending(path: name))
        }
      } catch {
        try? FileManager.default.removeItem(at: partial)
        throw ExperimentError("\(url.path): the run could not be written: \(reason(of: error)).")
      }
      guard !SystemCalls.rename(partial, to: place) else {
        made = []
        return
      }
      let other = (1...1000).lazy.map { self.sibling("\(self.place.lastPathComponent).\($0)") }
        .first { !$0.isThere && SystemCalls.rename(partial, to: $0) }
      throw ExperimentError(
        """
        \(url.path): something else has appeared there while the run went on, and is left as it is; the run's \
        files are in \((other ?? partial).path).
        """)
    }
  }

  private static let partial = ".partial"

  private func sibling(_ name: String) -> URL {
    place.deletingLastPathComponent().appending(path: name, directoryHint: .isDirectory)
  }

  /// Removes what a process that was killed while it wrote to this directory has left.
  private func removeLeftovers() {
    let parent = place.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    let prefix = ".\(place.lastPathComponent)."
    for name in names where name.hasPrefix(prefix) && name.hasSuffix(Self.partial) {
      guard
        UUID(uuidString: String(name.dropFirst(prefix.count).dropLast(Self.partial.count))) != nil
      else { continue }
      try? FileManager.default.removeItem(at: sibling(name))
    }
  }

  /// Removes directories that nothing was put into.
  private static func remove(_ directories: [URL]) {
    for directory in directories.reversed() {
      guard SystemCalls.removeEmptyDirectory(directory) else { return }
    }
  }
}

extension RunDirectory {
  /// Makes a directory and those above it that are missing, all or none.
  private static func make(_ url: URL) throws -> [URL] {
    var missing: [URL] = []
    var next = url.absoluteURL
    while !next.isThere, next.path != "/" {
      missing.insert(next, at: 0)
      next = next.deletingLastPathComponent()
    }
    var made: [URL] = []
    for directory in missing {
      do {
        guard !directory.isLink else {
          throw ExperimentError(
            "\(directory.path): this link leads nowhere; choose another --output.")
        }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        made.append(directory)
      } catch {
        remove(made)
        throw error as? ExperimentError
          ?? ExperimentError(
            """
            \(directory.path.shortened): the directory cannot be made: \(reason(of: error)); choose another \
            --output.
            """)
      }
    }
    return made
  }

  /// Locks a directory that is there, if it is empty and can be replaced.
  private static func lock(_ url: URL, _ place: URL) throws -> FileHandle {
    let (path, files) = (url.path, FileManager.default)
    let taken = ExperimentError(
      "\(path) is already there and is not an empty directory; choose another --output.")
    guard place.isDirectory, let lock = FileHandle(forReadingAtPath: place.path) else {
      throw taken
    }
    guard flock(lock.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw ExperimentError(
        "\(path): another run is going to write there; wait for it, or choose another --output.")
    }
    // Locked or not, a run that has ended in the meantime has put its files there.
    guard (try? files.contentsOfDirectory(atPath: place.path))?.isEmpty ?? false else {
      throw taken
    }
    let parent = place.deletingLastPathComponent()
    guard files.isWritableFile(atPath: parent.path) else {
      throw ExperimentError(
        "\(parent.path): nothing can be written there; choose another --output.")
    }
    guard place.device == parent.device else {
      throw ExperimentError(
        """
        \(path): a file system is mounted there; name a directory inside of it, such as \
        \(url.appending(path: "run").path).
        """)
    }
    // The longest name beside it is that of the run's files while they are written.
    guard place.lastPathComponent.utf8.count <= 200 else {
      throw ExperimentError("\(path.shortened): the name is too long; choose another --output.")
    }
    return lock
  }
}

extension URL {
  /// The file beside a run's directory that keeps how far the run has come.
  var state: URL {
    deletingLastPathComponent().appending(
      path: lastPathComponent + ".resume", directoryHint: .notDirectory)
  }

  private func attribute<Value>(_ key: FileAttributeKey) -> Value? {
    try? FileManager.default.attributesOfItem(atPath: path)[key] as? Value
  }

  fileprivate var isThere: Bool { FileManager.default.fileExists(atPath: path) }
  /// Whether it is a link itself, wherever that leads.
  fileprivate var isLink: Bool { attribute(.type) == FileAttributeType.typeSymbolicLink }
  fileprivate var isDirectory: Bool { attribute(.type) == FileAttributeType.typeDirectory }
  fileprivate var device: Int? { attribute(.systemNumber) }
}
