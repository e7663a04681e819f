package import Foundation
import Graphs

/// The index of a model whose weights are several files: `model.safetensors.index.json` or
/// `pytorch_model.bin.index.json`.
package struct ShardIndex {
  /// The files' names, in order of their names.
  package let files: [String]

  /// Reads an index.
  ///
  /// - Throws: ``CheckpointError`` when it names no files, or one of another folder.
  package init(_ url: URL) throws(CheckpointError) {
    guard let map = try Fields(json: url).object("weight_map") else {
      throw CheckpointError(url.path, .malformed("the index should have a \"weight_map\""))
    }
    var names: Set<String> = []
    for tensor in map.values.keys.sorted() {
      guard let name = map.text(tensor), !name.contains("/") else {
        throw CheckpointError(
          url.path,
          .badField(tensor, expected: "a file's name", found: "\(map.values[tensor] ?? .null)"))
      }
      names.insert(name)
    }
    files = names.sorted()
  }
}
