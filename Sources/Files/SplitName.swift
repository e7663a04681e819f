package import Foundation

/// The names of a GGUF file that was split: `NAME-00001-of-00003.gguf` and so on.
package enum SplitName {
  /// All files of a model, the first one first; the file itself when it is whole.
  package static func parts(of url: URL) -> [URL] {
    guard let (name, count) = parse(url) else { return [url] }
    return (1...count).map { part in
      url.deletingLastPathComponent().appending(
        path: "\(name)-\(digits(part))-of-\(digits(count)).gguf")
    }
  }

  /// What the model is called: the file's name without what comes of splitting.
  package static func whole(_ url: URL) -> String {
    parse(url)?.name ?? url.deletingPathExtension().lastPathComponent
  }

  private static func parse(_ url: URL) -> (name: String, count: Int)? {
    guard
      let match = url.lastPathComponent.wholeMatch(of: /(.*)-([0-9]{5})-of-([0-9]{5})\.gguf/),
      let part = Int(match.2), let count = Int(match.3), (1...count).contains(part)
    else { return nil }
    return (String(match.1), count)
  }

  private static func digits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(5 - digits.count, 0)) + digits
  }
}

extension GGUF {
  /// Maps a model's file, or all of those that it was split into; the first one has the fields.
  ///
  /// - Throws: ``CheckpointError`` when a part is missing or wrong.
  package static func readParts(of url: URL) throws(CheckpointError) -> [TensorFile] {
    let parts = SplitName.parts(of: url)
    var files: [TensorFile] = []
    for part in parts {
      guard parts.count == 1 || FileManager.default.fileExists(atPath: part.path) else {
        throw CheckpointError(
          part.path,
          .malformed(
            "part \(files.count + 1) of \(parts.count) of the model is not there; all are needed"))
      }
      files.append(try read(part))
    }
    let fields = Fields(file: files[0].path, values: files[0].metadata)
    let count = max(try fields.integer("split.count", in: 0...99_999, default: 1), 1)
    guard count == parts.count else {
      throw CheckpointError(
        url.path,
        .malformed(
          """
          the file is one of \(count) that a model was split into; they should lie side by side and be called \
          NAME-00001-of-\(String(100_000 + count).dropFirst()).gguf and so on
          """))
    }
    return files
  }
}
