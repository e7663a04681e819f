package import Foundation
import Hashing

/// A model as Hugging Face's hub has it, for ``HubStandIn``.
package struct HubModel: Sendable {
  package static let commit = "0123456789abcdef0123456789abcdef01234567"
  package var name = "acme/tiny"
  package var files: [String: Data]
  /// Files that git keeps elsewhere, under the SHA-256 of their bytes.
  package var large: Set<String> = ["model.safetensors"]

  package init(files: [String: Data]) { self.files = files }

  /// The files of a directory as a model.
  package init(directory: URL, names: [String]) throws {
    self.init(files: [:])
    for name in names { files[name] = try Data(contentsOf: directory.appending(path: name)) }
  }

  /// What the hub calls a file by.
  package func checksum(_ file: String) -> String {
    let bytes = files[file] ?? Data()
    return large.contains(file) ? sha256(of: bytes) : gitSHA1(of: bytes)
  }

  /// What a hub answers when nothing goes wrong.
  package func answer(_ request: HubStandIn.Request) -> HubStandIn.Answer {
    let path = request.path
    if path.hasPrefix("/api/models/\(name)/revision/") { return listing }
    let prefix = "/\(name)/resolve/\(Self.commit)/"
    guard path.hasPrefix(prefix),
      let file = String(path.dropFirst(prefix.count)).removingPercentEncoding,
      let bytes = files[file]
    else { return HubStandIn.Answer(404, ["X-Error-Code": "EntryNotFound"]) }
    return Self.part(of: bytes, request)
  }

  /// The bytes that a request wants of a file.
  package static func part(
    of bytes: Data, _ request: HubStandIn.Request
  ) -> HubStandIn.Answer {
    guard let start = request.start else { return HubStandIn.Answer(body: bytes) }
    guard start < bytes.count else { return HubStandIn.Answer(416) }
    return HubStandIn.Answer(
      206, ["Content-Range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"],
      body: bytes.dropFirst(start))
  }

  private var listing: HubStandIn.Answer {
    let entries = files.keys.sorted().map { file -> [String: Any] in
      let size = files[file]?.count ?? 0
      guard large.contains(file) else {
        return ["rfilename": file, "size": size, "blobId": checksum(file)]
      }
      return [
        "rfilename": file, "size": size, "blobId": String(repeating: "0", count: 40),
        "lfs": ["sha256": checksum(file), "size": size, "pointerSize": 130] as [String: Any],
      ]
    }
    let json: [String: Any] = ["id": name, "sha": Self.commit, "siblings": entries]
    return HubStandIn.Answer(
      200, ["Content-Type": "application/json"],
      body: (try? JSONSerialization.data(withJSONObject: json)) ?? Data())
  }
}
