import Foundation
import Hashing

/// A file of the cache while it is fetched: `….incomplete` beside the place that it gets, which nobody else writes to.
final class BlobWriter {
  private let blob: URL
  private let partial: URL
  private let lock: FileHandle
  private let file: FileHandle
  /// How many bytes are there.
  private(set) var count: Int

  /// Takes the lock that Hugging Face's tools take, too; nil when another process has it.
  init?(_ blob: URL, lock: URL) throws {
    self.blob = blob
    partial = blob.appendingPathExtension("incomplete")
    let manager = FileManager.default
    for url in [lock, partial] {
      try manager.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      guard
        manager.fileExists(atPath: url.path) || manager.createFile(atPath: url.path, contents: nil)
      else { throw CocoaError(.fileWriteNoPermission) }
    }
    self.lock = try FileHandle(forUpdating: lock)
    guard flock(self.lock.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
    file = try FileHandle(forUpdating: partial)
    count = Int(try file.seekToEnd())
  }

  /// The bytes of a file; nil when there is none.
  static func size(of url: URL) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: url.path))?[.size] as? Int
  }

  /// Forgets what is there.
  func restart() throws {
    try file.truncate(atOffset: 0)
    try file.seek(toOffset: 0)
    count = 0
  }

  func append(_ piece: Data) throws {
    try file.write(contentsOf: piece)
    count += piece.count
  }

  func checksum(isLarge: Bool) throws -> String {
    try isLarge ? sha256(of: partial) : gitSHA1(of: Data(contentsOf: partial))
  }

  func discard() throws { try FileManager.default.removeItem(at: partial) }

  /// Gives the file its name.
  func finish() throws {
    try file.synchronize()
    try? FileManager.default.removeItem(at: blob)
    try FileManager.default.moveItem(at: partial, to: blob)
  }
}
