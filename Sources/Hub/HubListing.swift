import Files
import Foundation

/// A file of a model as the hub lists it.
struct HubFile: Equatable {
  let name: String
  let size: Int
  /// SHA-256 of a large file's bytes, of others SHA-1 as git makes it: what the cache calls the file by.
  let checksum: String

  var isLarge: Bool { checksum.utf8.count == 64 }
}

/// What the hub says of one revision of a model.
struct HubListing {
  let commit: String
  let files: [HubFile]

  /// Reads the answer of `/api/models/ORG/NAME/revision/REVISION?blobs=true`.
  ///
  /// - Throws: ``JSONProblem``, or what is missing as part of a sentence.
  init(json: Data) throws(JSONProblem) {
    guard case .object(let fields) = try FieldValue(json: json),
      case .text(let commit) = fields["sha"], commit.allSatisfy(\.isHexDigit),
      (7...64).contains(commit.utf8.count), case .list(let list) = fields["siblings"]
    else { throw JSONProblem(description: "no \"sha\" and \"siblings\" of a model") }
    self.commit = commit
    var files: [HubFile] = []
    for case .object(let entry) in list {
      guard case .text(let name) = entry["rfilename"] else { continue }
      // What lies in a folder is for other programs.
      guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else { continue }
      files.append(try Self.file(name, entry))
    }
    self.files = files
  }

  private static func file(
    _ name: String, _ entry: [String: FieldValue]
  ) throws(JSONProblem) -> HubFile {
    var (size, checksum, digits) = (entry["size"], entry["blobId"], 40)
    if case .object(let large) = entry["lfs"] {
      (size, checksum, digits) = (large["size"], large["sha256"], 64)
    }
    guard case .integer(let size) = size, size >= 0, case .text(let checksum) = checksum,
      checksum.utf8.count == digits, checksum.allSatisfy({ $0.isHexDigit && $0.isASCII })
    else {
      throw JSONProblem(description: "no size and checksum of \(name)")
    }
    return HubFile(name: name, size: size, checksum: checksum.lowercased())
  }

  func file(_ name: String) -> HubFile? { files.first { $0.name == name } }

  /// How a model's weights are kept: the file itself, or an index that lists several.
  static let weights = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
  ]

  /// Whatever says what the model is and how text becomes tokens.
  private static let small = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model",
  ]

  /// The files that are needed, but for those that an index lists; nil when there is no model.
  var needed: (description: [HubFile], weights: HubFile)? {
    guard file("config.json") != nil, let weights = Self.weights.lazy.compactMap(file).first
    else { return nil }
    return (Self.small.compactMap(file), weights)
  }
}
