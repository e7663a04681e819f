import Engine
import Foundation
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// Small random checkpoints against a float64 oracle that was checked with Hugging Face's forward pass.
@Suite struct GoldenTests {
  @Test(arguments: goldenFamilies) func `logits`(family: String) throws {
    let golden = try GoldenModel(family)
    for run in ["clean", "corrupted"] {
      let batch = run == "clean" ? golden.clean : golden.corrupted
      expectClose(
        golden.model.logits(batch, rows: golden.allRows),
        try golden.expectedLogits("logits.\(run)"), relative: 1e-4, "\(family) \(run)")
    }
  }

  @Test(arguments: goldenFamilies) func `masked logits for every ablation`(family: String) throws {
    let golden = try GoldenModel(family)
    let masks = try golden.file.mask("mask.binary")
    for ablation in ["resample", "zero", "mean"] {
      let ablated = golden.ablated(by: ablation)
      let expected = try golden.file.tensor("masked_logits.\(ablation)")
      for index in 0..<masks.shape[0] {
        let mask = EdgeMask(masks.slice(block: index).values(), graph: golden.graph)
        let run = MaskedRun(golden.model, batch: golden.clean, mask: mask, ablated: ablated)
        expectClose(
          run.forward(rows: golden.allRows).logits,
          unpadded(expected.slice(block: index), lengths: golden.lengths), relative: 1e-4,
          "\(family) \(ablation) \(index)")
      }
    }
  }

  @Test(arguments: goldenFamilies) func `mask gradients`(family: String) throws {
    let golden = try GoldenModel(family)
    let mask = EdgeMask(try golden.file.tensor("mask.fractional").values(), graph: golden.graph)
    let run = MaskedRun(
      golden.model, batch: golden.clean, mask: mask, ablated: golden.ablated(by: "resample"))
    let result = run.taped()
    let tape = result.tape
    let reference = golden.model.logits(golden.clean).logSoftmax()
    for (metric, dlogits) in [
      ("logit_difference", try golden.logitDifferenceGradient()),
      ("kl", result.logits.divergence(.kl, fromLogProbabilities: reference).gradient),
    ] where golden.file.contains("mask_gradient.\(metric)") {
      var dlogits = dlogits
      dlogits.scale(by: 1 / Float(golden.clean.promptCount))
      let gradients = run.backward(dlogits, tape, wanting: .mask)
      expectClose(
        gradients.masks[0],
        try golden.file.tensor("mask_gradient.\(metric)").values().map(Double.init),
        relative: 1e-3, "\(family) \(metric)")
    }
  }

  @Test(arguments: methodFamilies) func `weight gradients`(family: String) throws {
    let golden = try GoldenModel(family)
    let run = MaskedRun(
      golden.model, batch: golden.clean, mask: EdgeMask(1, graph: golden.graph),
      ablated: golden.ablated(by: "zero"))
    let result = run.taped()
    var (_, dlogits) = result.logits.crossEntropy(targets: try golden.file.integers("answers"))
    dlogits.scale(by: 1 / Float(golden.clean.promptCount))
    let tape = result.tape
    let found = try #require(run.backward(dlogits, tape, wanting: .weights).weights)
    try expectSameWeights(found, try golden.expectedWeightGradients(), family)
  }

  /// Compares gradients of all weights; a tied embedding's is that of both of its uses.
  private func expectSameWeights(
    _ found: TransformerWeights, _ expected: TransformerWeights, _ family: String
  ) throws {
    var found = found
    if family == "gpt2" {
      found.tokenEmbedding.add(found.unembedding.weight)
      found.unembedding = Linear(weight: found.tokenEmbedding)
    }
    var matrixScale = 0.0
    for (name, path) in Self.weightPaths(blocks: expected.blocks.count) {
      let (one, other) = (found[keyPath: path], expected[keyPath: path])
      guard let one, let other else {
        #expect(one == nil && other == nil, "\(family) \(name)")
        continue
      }
      // A bias is held to its matrix's scale: GPT-2's keys' biases have no effect, so their own
      // gradients are nothing but rounding.
      let isBias = name.hasSuffix(".bias")
      if !isBias { matrixScale = Double(other.values().map(abs).max() ?? 0) }
      expectClose(
        one.values().map(Double.init), other.values().map(Double.init), relative: 1e-3,
        to: isBias ? matrixScale : nil, "\(family) \(name)")
    }
  }

  typealias WeightPath = KeyPath<TransformerWeights, Tensor?>

  static func weightPaths(blocks: Int) -> [(String, WeightPath)] {
    var paths: [(String, WeightPath)] = [
      ("tokenEmbedding", \.tokenEmbedding.optional), ("positionEmbedding", \.positionEmbedding),
      ("finalNorm.scale", \.finalNorm.scale.optional), ("finalNorm.bias", \.finalNorm.bias),
      ("unembedding", \.unembedding.weight.optional),
    ]
    let linears: [(String, KeyPath<BlockWeights, Linear?>)] = [
      ("query", \.attention.query.optional), ("key", \.attention.key.optional),
      ("value", \.attention.value.optional), ("output", \.attention.output.optional),
      ("gate", \.mlp.gate), ("up", \.mlp.up.optional), ("down", \.mlp.down.optional),
    ]
    for block in 0..<blocks {
      for (name, path) in linears {
        let linear = (\TransformerWeights.blocks[block]).appending(path: path)
        paths.append(("\(block).\(name)", linear.appending(path: \.?.weight)))
        paths.append(("\(block).\(name).bias", linear.appending(path: \.?.bias.flattened)))
      }
      paths += [
        ("\(block).norm.scale", \.blocks[block].attentionNorm.scale.optional),
        ("\(block).norm.bias", \.blocks[block].attentionNorm.bias),
        ("\(block).mlpNorm.scale", \.blocks[block].mlpNorm.scale.optional),
        ("\(block).mlpNorm.bias", \.blocks[block].mlpNorm.bias),
      ]
    }
    return paths
  }
}

extension Tensor { fileprivate var optional: Tensor? { self } }
extension Linear { fileprivate var optional: Linear? { self } }
extension Optional { fileprivate var flattened: Wrapped? { self } }
