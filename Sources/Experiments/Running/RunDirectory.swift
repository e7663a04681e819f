import Files
public import Foundation
import Graphs
import Synchronization

/// The files of a run, written all or none into a directory that is this run's alone.
///
/// The directory is made at once, so that a name that cannot be is found out before any work, and locked: no other
/// process can choose it. Unless files are written it is gone when the run is.
public final class RunDirectory: Sendable {
  /// Where it is.
  public let url: URL
  /// Where it is when links are followed.
  private let place: URL
  /// Holds the lock, which ends with the process at the latest.
  private let lock: FileHandle
  /// The directories that were made, the outermost first.
  private let made: Mutex<[URL]>
  /// The files of an interrupted run, which this one goes on from and replaces.
  private let earlier: Set<String>
  private let interruption: Interruption

  /// Takes a new directory, or one that is empty.
  ///
  /// - Parameters:
  ///   - path: Where it is.
  ///   - resumes: Whether it may hold what a run wrote when it was interrupted: its state lies then beside it.
  /// - Throws: ``ExperimentError`` when it already holds something, since no run is overwritten, is another run's, or
  ///   cannot be made: before any work is done.
  public init(path: String, resumes: Bool = false) throws {
    guard !path.isEmpty else { throw ExperimentError("--output should name a new directory.") }
    url = URL(path: path)
    var made = try Self.make(url)
    do {
      place = url.resolvingSymlinksInPath()
      lock = try Self.lock(url, place)
      earlier = resumes && url.state.isThere ? Self.names(in: place) : []
      try Self.requireRoom(url, place, beside: earlier)
    } catch {
      Self.remove(made)
      throw error
    }
    // A run that was killed and left its state has left its empty directory, too.
    if made.isEmpty, url.state.isThere { made = [place] }
    self.made = Mutex(made)
    interruption = Interruption { [made] in RunDirectory.remove(made) }
    removeLeftovers()
  }

  deinit {
    interruption.end()
    Self.remove(made.withLock { $0 })
  }

  /// Writes files by name, all or none; a name may begin with those of directories.
  ///
  /// - Throws: ``ExperimentError`` when they cannot be written, or when something has appeared in the directory, which
  ///   stays: the files are put beside it then, and the error says where.
  public func write(_ contents: [String: Data]) throws {
    // The moment it takes is not interrupted, so that nothing half-written is left.
    try Interruption.held { try put(contents) }
  }

  /// Writes files where no interruption can come, as when one has come already.
  func put(_ contents: [String: Data]) throws {
    let partial = aside
    do {
      try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: false)
      for (name, data) in contents.sorted(by: { $0.key < $1.key }) {
        let file = partial.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
      }
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw ExperimentError("\(url.path): the run could not be written: \(reason(of: error)).")
    }
    removeEarlier()
    guard !SystemCalls.rename(partial, to: place) else {
      made.withLock { $0 = [] }
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

  /// Removes the files of the interrupted run, if nothing else has come to them.
  private func removeEarlier() {
    guard !earlier.isEmpty, Self.names(in: place) == earlier else { return }
    let old = aside
    guard SystemCalls.rename(place, to: old) else { return }
    try? FileManager.default.removeItem(at: old)
  }

  /// A name that is this process's alone.
  private var aside: URL {
    sibling(".\(place.lastPathComponent).\(UUID().uuidString)\(Self.partial)")
  }

  private static func names(in directory: URL) -> Set<String> {
    Set((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [])
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

  private static func taken(_ url: URL) -> ExperimentError {
    ExperimentError(
      "\(url.path) is already there and is not an empty directory; choose another --output.")
  }

  /// Locks a directory that is there.
  private static func lock(_ url: URL, _ place: URL) throws -> FileHandle {
    guard place.isDirectory, let lock = FileHandle(forReadingAtPath: place.path) else {
      throw taken(url)
    }
    guard flock(lock.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw ExperimentError(
        "\(url.path): another run is going to write there; wait for it, or choose another --output."
      )
    }
    return lock
  }

  /// Finds out whether a directory is empty, but for the files of an interrupted run, and can be replaced.
  private static func requireRoom(_ url: URL, _ place: URL, beside earlier: Set<String>) throws {
    // Locked or not, a run that has ended in the meantime has put its files there.
    guard names(in: place) == earlier else { throw taken(url) }
    let parent = place.deletingLastPathComponent()
    guard FileManager.default.isWritableFile(atPath: parent.path) else {
      throw ExperimentError(
        "\(parent.path): nothing can be written there; choose another --output.")
    }
    guard place.device == parent.device else {
      throw ExperimentError(
        """
        \(url.path): a file system is mounted there; name a directory inside of it, such as \
        \(url.appending(path: "run").path).
        """)
    }
    // The longest name beside it is that of the run's files while they are written.
    guard place.lastPathComponent.utf8.count <= 200 else {
      throw ExperimentError("\(url.path.shortened): the name is too long; choose another --output.")
    }
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
