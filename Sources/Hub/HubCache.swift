import Files
public import Foundation
import Graphs

/// Hugging Face's cache of models: `models--ORG--NAME` with `refs` (names of commits), `snapshots` (a folder of links
/// for each commit) and `blobs` (the files under their checksums).
public struct HubCache: Sendable {
  /// Where it is.
  public let directory: URL

  /// The cache that an environment names.
  public init(_ settings: HubSettings = HubSettings()) { directory = settings.cache }

  /// What the cache has of a model.
  func folder(of name: HubName) -> URL {
    directory.appending(
      path: "models--" + name.repository.replacing("/", with: "--"), directoryHint: .isDirectory)
  }

  func blob(_ checksum: String, of name: HubName) -> URL {
    folder(of: name).appending(path: "blobs").appending(path: checksum)
  }

  func snapshot(_ commit: String, of name: HubName) -> URL {
    folder(of: name).appending(path: "snapshots").appending(
      path: commit, directoryHint: .isDirectory)
  }

  func reference(of name: HubName) -> URL {
    folder(of: name).appending(path: "refs").appending(path: name.revision)
  }

  /// The directory of a model's files; nil when the cache does not have it.
  ///
  /// - Throws: ``HubError`` for a file that is gone, or a link that leads out of the cache.
  public func directory(of name: HubName) throws(HubError) -> URL? {
    let named = try? String(contentsOf: reference(of: name), encoding: .utf8)
    let commit = named?.trimmingCharacters(in: .whitespacesAndNewlines) ?? name.revision
    guard isCommit(commit) else {
      if named == nil { return nil }
      throw HubError(
        problem: .cache("expected the name of a commit, found \"\(commit.shortened)\""),
        name: name, place: reference(of: name).path)
    }
    let snapshot = snapshot(commit, of: name)
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: snapshot.path) else {
      return nil
    }
    for file in files.sorted() { try check(snapshot.appending(path: file), of: name) }
    return snapshot
  }

  private func isCommit(_ text: String) -> Bool {
    (7...64).contains(text.utf8.count) && text.allSatisfy { $0.isHexDigit && $0.isASCII }
  }

  private func check(_ file: URL, of name: HubName) throws(HubError) {
    let target = file.resolvingSymlinksInPath()
    let fault = { (problem: HubError.Problem) in
      HubError(problem: problem, name: name, place: directory.path)
    }
    let root = directory.resolvingSymlinksInPath().path
    guard target.path.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
      throw fault(.outside(link: file.path))
    }
    guard FileManager.default.fileExists(atPath: target.path) else {
      throw fault(.dangling(link: file.path))
    }
  }
}
