import Engine
import Foundation
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// Gradients of weights where layers have norms of queries, keys and writes, bounds, or multipliers.
@Suite struct WeightGradientTests {
  /// One tensor of all weights.
  private struct Part {
    let name: String
    let get: (TransformerWeights) -> Tensor?
    let set: (inout TransformerWeights, Tensor) -> Void
  }

  private let parts = [
    Part(name: "embedding", get: { $0.tokenEmbedding }, set: { $0.tokenEmbedding = $1 }),
    Part(name: "unembedding", get: { $0.unembedding.weight }, set: { $0.unembedding.weight = $1 }),
    Part(name: "its bias", get: { $0.unembedding.bias }, set: { $0.unembedding.bias = $1 }),
    Part(
      name: "query", get: { $0.blocks[0].attention.query.weight },
      set: { $0.blocks[0].attention.query.weight = $1 }),
    Part(
      name: "key", get: { $0.blocks[1].attention.key.weight },
      set: { $0.blocks[1].attention.key.weight = $1 }),
    Part(
      name: "value", get: { $0.blocks[0].attention.value.weight },
      set: { $0.blocks[0].attention.value.weight = $1 }),
    Part(
      name: "output", get: { $0.blocks[0].attention.output.weight },
      set: { $0.blocks[0].attention.output.weight = $1 }),
    Part(
      name: "down", get: { $0.blocks[0].mlp.down.weight },
      set: { $0.blocks[0].mlp.down.weight = $1 }),
    Part(
      name: "query norm", get: { $0.blocks[0].attention.queryNorm?.scale },
      set: { $0.blocks[0].attention.queryNorm?.scale = $1 }),
    Part(
      name: "key norm", get: { $0.blocks[1].attention.keyNorm?.scale },
      set: { $0.blocks[1].attention.keyNorm?.scale = $1 }),
    Part(
      name: "output norm", get: { $0.blocks[0].attentionOutputNorm?.scale },
      set: { $0.blocks[0].attentionOutputNorm?.scale = $1 }),
    Part(
      name: "MLP output norm", get: { $0.blocks[1].mlpOutputNorm?.scale },
      set: { $0.blocks[1].mlpOutputNorm?.scale = $1 }),
    Part(
      name: "norm", get: { $0.blocks[1].attentionNorm.scale },
      set: { $0.blocks[1].attentionNorm.scale = $1 }),
  ]

  @Test(arguments: [
    "gemma2", "gemma3", "olmo2", "qwen3", "phi", "models/granite", "models/stablelm",
  ]) func `weights' gradients are slopes`(family: String) throws {
    let model = try Transformer(contentsOf: fixtures.appending(path: family))
    let size = Int32(model.configuration.vocabularySize)
    let prompts: [[Int32]] = [[5, 9, 3, 17, 30, 9], [1, 2, 36, 4]]
    let clean = TokenBatch(prompts)
    let corrupted = TokenBatch(prompts.map { $0.map { ($0 * 5 + 3) % size } })
    let ablated = PlainRun(model, batch: corrupted).forward().writes
    var generator = SeededGenerator(seed: 4)
    let graph = model.graph
    let mask = EdgeMask(
      (0..<(graph.writerCount * graph.readerCount)).map { _ in
        Float.random(in: 0.4...1, using: &generator)
      }, graph: graph)
    let run = { (weights: TransformerWeights) in
      MaskedRun(
        Transformer(name: family, configuration: model.configuration, weights: weights),
        batch: clean, mask: mask, ablated: ablated)
    }
    let dlogits = Tensor.random([2, Int(size)], seed: 3)
    let gradients = try #require(
      run(model.weights).backward(dlogits, run(model.weights).taped().tape, wanting: .weights)
        .weights)
    for part in parts {
      guard let weight = part.get(model.weights), weight.count > 0 else { continue }
      expectGradient(
        try #require(part.get(gradients)),
        of: { changed in
          var weights = model.weights
          part.set(&weights, changed)
          return run(weights).forward().logits
        }, at: weight, dy: dlogits, step: 2e-3, tolerance: 5e-3,
        "\(family) \(part.name)")
    }
  }
}
