import Edgewise
import Foundation
import Hashing

/// The hashes of the files that a model or task was read from, by name: a file, or those of a directory.
func fileHashes(of url: URL) throws -> [String: String] {
  do {
    let url = url.resolvingSymlinksInPath()
    guard isRegular(url) == false else { return [url.lastPathComponent: try sha256(of: url)] }
    let kinds = ["json", "safetensors", "txt"]
    let files = try FileManager.default.contentsOfDirectory(
      at: url, includingPropertiesForKeys: nil)
    let read = files.filter {
      kinds.contains($0.pathExtension) && isRegular($0.resolvingSymlinksInPath()) == true
    }
    return Dictionary(
      uniqueKeysWithValues: try read.map { ($0.lastPathComponent, try sha256(of: $0)) })
  } catch {
    throw Failure("\(url.path): the file cannot be read: \(reason(of: error)).")
  }
}

/// Whether there is a regular file; nil when there is nothing.
private func isRegular(_ url: URL) -> Bool? {
  (try? FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType)
    .map { $0 == .typeRegular }
}
