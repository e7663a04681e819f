import Foundation
import Hashing
import Models

/// The hashes of large files, remembered in the cache directory, so that a checkpoint of many gigabytes is not read
/// at each command.
///
/// A hash is trusted as long as the file at its path has the size and the modification date that it had. What is
/// wrong with the memory itself does no harm: the hash is computed then.
enum HashMemory {
  private struct Entry: Codable {
    let stamp: Stamp
    let sha256: String
  }

  /// What tells that a file is the one it was.
  private struct Stamp: Codable, Equatable {
    let size: Int
    /// Seconds since 2001, to about 100 ns.
    let modified: Double

    init?(_ url: URL) {
      guard let found = try? FileManager.default.attributesOfItem(atPath: url.path),
        let size = found[.size] as? Int, let date = found[.modificationDate] as? Date
      else { return nil }
      self.size = size
      modified = date.timeIntervalSinceReferenceDate
    }

    /// Whether the file could be written again without another date: clocks of file systems are coarse.
    var isYoung: Bool { Date.now.timeIntervalSinceReferenceDate - modified < 2 }
  }

  /// Smaller files are hashed in less time than it takes to notice.
  private static let least = 4 << 20

  private static var file: URL { ModelCache.file(named: "hashes.json") }

  private static var entries: [String: Entry] {
    (try? JSONDecoder().decode([String: Entry].self, from: Data(contentsOf: file))) ?? [:]
  }

  static func sha256(of url: URL, computesAnew: Bool) throws -> String {
    let url = url.resolvingSymlinksInPath()
    guard let stamp = Stamp(url), stamp.size >= least else { return try Hashing.sha256(of: url) }
    if !computesAnew, let known = entries[url.path], known.stamp == stamp { return known.sha256 }
    let hash = try Hashing.sha256(of: url)
    if Stamp(url) == stamp, !stamp.isYoung {
      remember(Entry(stamp: stamp, sha256: hash), of: url.path)
    }
    return hash
  }

  private static func remember(_ entry: Entry, of path: String) {
    let known = entries.merging([path: entry]) { $1 }
    try? FileManager.default.createDirectory(
      at: ModelCache.directory, withIntermediateDirectories: true)
    try? SystemCalls.replace(file, with: Data(sortedJSON(known).utf8))
  }
}
