import Files
package import Engine
import Foundation
package import Graphs
import Models
package import Tensors

/// A small checkpoint with its reference values and runs.
package struct GoldenModel {
  package let file: Golden
  package let model: Transformer
  package let clean: TokenBatch
  package let corrupted: TokenBatch

  package init(_ family: String) throws {
    file = try Golden(family)
    model = try file.model
    clean = TokenBatch(try file.prompts("tokens.clean"))
    corrupted = TokenBatch(try file.prompts("tokens.corrupted"))
  }

  package var graph: ComputationGraph { model.graph }
  package var lengths: [Int] { zip(clean.starts, clean.starts.dropFirst()).map { Int($1 - $0) } }
  package var allRows: [Int32] { Array(0..<Int32(clean.tokens.count)) }

  package func expectedLogits(_ name: String) throws -> Tensor {
    unpadded(try file.tensor(name), lengths: lengths)
  }

  /// What ablated edges carry: computed here in the plainest way.
  package func ablated(by ablation: String) -> CompactWrites {
    let writes = PlainRun(model, batch: corrupted).forward().writes
    return writes.map { tensor in
      switch ablation {
      case "zero": return Tensor(zeros: tensor.shape)
      case "mean":
        var mean = tensor.rowSum()
        mean.scale(by: 1 / Float(tensor.rowCount))
        return mean.repeatedRow(tensor.rowCount)
      default: return tensor
      }
    }
  }

  /// The gradient of each prompt's own logit difference, `[prompt, vocabulary]`.
  package func logitDifferenceGradient() throws -> Tensor {
    let width = model.configuration.vocabularySize
    var elements = [Float](repeating: 0, count: clean.promptCount * width)
    for (prompt, answer) in try file.integers("answers").enumerated() {
      elements[prompt * width + Int(answer)] += 1
    }
    for (prompt, answer) in try file.integers("wrong_answers").enumerated() {
      elements[prompt * width + Int(answer)] -= 1
    }
    return Tensor(elements, shape: [clean.promptCount, width])
  }

  /// The reference gradients, laid out as weights by the family's own loader.
  package func expectedWeightGradients() throws -> TransformerWeights {
    let prefix = "weight_gradient."
    let tensors = file.file.tensors.filter { $0.key.hasPrefix(prefix) }
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    var named: [String: Tensor] = [:]
    for name in tensors.keys {
      // The oracle names GPT-NeoX's unembedding as in memory, not as in files.
      let stored = String(name.dropFirst(prefix.count))
      let isUnembedding =
        stored == "lm_head.weight" && tensors.keys.contains { $0.contains("gpt_neox") }
      named[isUnembedding ? "embed_out.weight" : stored] = try file.tensor(name)
    }
    try Safetensors.encode(named).write(to: directory.appending(path: "model.safetensors"))
    try FileManager.default.copyItem(
      at: file.directory.appending(path: "config.json"),
      to: directory.appending(path: "config.json"))
    return try Transformer(contentsOf: directory).weights
  }
}
