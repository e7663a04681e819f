package import Engine
package import Files
package import Foundation
import Models
package import Tensors

/// Where the tests' data lie.
package let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "Fixtures")

/// The families of small random checkpoints that have reference values of all methods.
package let methodFamilies = ["gpt2", "gpt_neox", "llama", "qwen2"]

/// The families of small random checkpoints with reference values: windows, bounds, norms of queries and keys, norms
/// after attention and MLP, several angles and parallel blocks are among them.
package let goldenFamilies =
  methodFamilies + ["gemma2", "gemma3", "olmo2", "qwen3", "phi", "gptj", "opt", "llama3rope"]

/// A file of reference values.
package struct Golden: Sendable {
  package let file: TensorFile
  package let directory: URL

  /// - Parameters:
  ///   - directory: A folder of the fixtures.
  ///   - name: The file's name without extension.
  /// - Throws: ``CheckpointError`` when the file cannot be read.
  package init(_ directory: String, _ name: String = "golden") throws {
    self.directory = fixtures.appending(path: directory)
    file = try Safetensors.read(self.directory.appending(path: name + ".safetensors"))
  }

  package var model: Transformer { get throws { try Transformer(contentsOf: directory) } }

  package func tensor(_ name: String) throws -> Tensor {
    let stored = try stored(name)
    return try file.read(name, stored)
  }

  package func integers(_ name: String) throws -> [Int32] {
    try stored(name).integers
  }

  /// A matrix of 0 and 1 as numbers.
  package func mask(_ name: String) throws -> Tensor {
    let stored = try stored(name)
    return Tensor(stored.bytes.map(Float.init), shape: stored.shape)
  }

  package func names(_ key: String) throws -> [String] {
    guard case .text(let text) = file.metadata[key] else { throw Missing(name: key) }
    return try JSONDecoder().decode([String].self, from: Data(text.utf8))
  }

  /// The prompts under a key, padding cut off.
  package func prompts(_ name: String) throws -> [[Int32]] {
    let tokens = try integers(name)
    let count = try stored(name).shape[0]
    let width = tokens.count / count
    let lengths =
      file.tensors["lengths"] == nil
      ? [Int32](repeating: Int32(width), count: count) : try integers("lengths")
    return lengths.enumerated().map { Array(tokens[($0 * width)..<($0 * width + Int($1))]) }
  }

  package func contains(_ name: String) -> Bool { file.tensors[name] != nil }

  private func stored(_ name: String) throws -> StoredTensor {
    guard let stored = file.tensors[name] else { throw Missing(name: name) }
    return stored
  }

  private struct Missing: Error { let name: String }
}

/// Rows of a padded tensor `[prompt, position, …]` that belong to real positions, one after another.
package func unpadded(_ tensor: Tensor, lengths: [Int]) -> Tensor {
  let width = tensor.shape[1]
  let rows = lengths.enumerated().flatMap { prompt, length in
    (0..<length).map { Int32(prompt * width + $0) }
  }
  return tensor.reshaped([tensor.shape[0] * width, tensor.columnCount]).gatherRows(rows)
}
