import Files
package import Foundation
import Hashing

/// The hashes of the files that a model or task was read from, by name: a file, or those of a directory.
///
/// - Parameters:
///   - url: The file or directory.
///   - hash: Gives the hash of one file.
/// - Returns: Hashes by the files' names.
/// - Throws: ``ExperimentError`` when a file cannot be read.
package func fileHashes(
  of url: URL, by hash: (URL) throws -> String = Hashing.sha256(of:)
) throws -> [String: String] {
  do {
    let parts = SplitName.parts(of: url)
    if parts.count > 1 {
      return Dictionary(
        uniqueKeysWithValues: try parts.map { ($0.lastPathComponent, try hash($0)) })
    }
    let url = url.resolvingSymlinksInPath()
    guard isRegular(url) == false else { return [url.lastPathComponent: try hash(url)] }
    let files = try FileManager.default.contentsOfDirectory(
      at: url, includingPropertiesForKeys: nil)
    // PyTorch's files are read where there are no others.
    let weights = files.contains { $0.pathExtension == "safetensors" } ? "safetensors" : "bin"
    let isAlone = Set(files.map(\.lastPathComponent)).isDisjoint(with: [
      "tokenizer.json", "vocab.json",
    ])
    let read = files.filter {
      (["json", "txt", weights].contains($0.pathExtension)
        // SentencePiece's file is read where there is no other tokenizer.
        || isAlone && $0.lastPathComponent == "tokenizer.model")
        && isRegular($0.resolvingSymlinksInPath()) == true
    }
    return Dictionary(
      uniqueKeysWithValues: try read.map { ($0.lastPathComponent, try hash($0)) })
  } catch {
    throw ExperimentError("\(url.path): the file cannot be read: \(reason(of: error)).")
  }
}

/// Whether there is a regular file; nil when there is nothing.
private func isRegular(_ url: URL) -> Bool? {
  (try? FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType)
    .map { $0 == .typeRegular }
}

extension [String: String] {
  /// Names with what they stand for, in order of the names.
  var listed: String {
    sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
