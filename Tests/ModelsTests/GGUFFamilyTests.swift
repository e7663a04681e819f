import Engine
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// Small checkpoints as GGUF files: the same configurations and weights as from their directories.
@Suite struct GGUFFamilyTests {
  private typealias Names = GGUFFile.Names
  private typealias Value = GGUFFile.Value

  private func load(_ file: GGUFFile) throws -> Transformer {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "model.gguf")
      try file.data.write(to: url)
      return try Transformer(contentsOf: url)
    }
  }

  private func expectSame(
    _ family: String, as architecture: String, _ names: GGUFFile.Names = GGUFFile.Names(),
    more: [(String, GGUFFile.Value)],
    change: (inout TransformerConfiguration) -> Void = { _ in }
  ) throws {
    let model = try Transformer(contentsOf: fixtures.appending(path: family))
    try expectSame(model, as: architecture, names, more: more, change: change)
  }

  private func expectSame(
    _ model: Transformer, as architecture: String, _ names: GGUFFile.Names,
    more: [(String, GGUFFile.Value)],
    change: (inout TransformerConfiguration) -> Void = { _ in }
  ) throws {
    let found = try load(GGUFFile(model, as: architecture, names, more: more))
    var expected = model.configuration
    change(&expected)
    #expect(found.configuration == expected, "\(architecture)")
    // Weights are long in a message.
    let isSame = found.weights == model.weights
    #expect(isSame, "\(architecture)")
  }

  private func names(_ change: (inout GGUFFile.Names) -> Void) -> GGUFFile.Names {
    var names = GGUFFile.Names()
    change(&names)
    return names
  }

  @Test func `Gemma 2`() throws {
    try expectSame(
      "gemma2", as: "gemma2",
      more: [
        ("rope.freq_base", .number(1000)), ("attention.sliding_window", .integer(4)),
        ("attn_logit_softcapping", .number(1.5)), ("final_logit_softcapping", .number(2)),
      ]
    ) { configuration in
      // Files do not say what scores are multiplied by: that is the inverse root of a head's width.
      for layer in configuration.layers.indices {
        configuration.layers[layer].attentionScale = 1 / Float(12).squareRoot()
      }
    }
  }

  @Test func `Gemma 3`() throws {
    try expectSame(
      "gemma3", as: "gemma3",
      more: [
        ("rope.freq_base", .number(2000)), ("rope.freq_base_swa", .number(50)),
        ("rope.scaling.type", .text("linear")), ("rope.scaling.factor", .number(8)),
        ("attention.sliding_window", .integer(4)),
        ("attention.sliding_window_pattern", .integer(3)),
      ]
    ) { configuration in
      for layer in configuration.layers.indices {
        configuration.layers[layer].attentionScale = 1 / Float(12).squareRoot()
      }
    }
  }

  @Test func `Gemma's largest models scale scores by the share of the stream`() throws {
    let configuration = { (layers: Int) in
      TransformerConfiguration(
        layers: .alike(layers, rotaryFrequencies: [1, 0.5], heads: HeadSizes(count: 2, width: 4)),
        heads: HeadSizes(count: 2, width: 4),
        mlp: MLPVariant(width: 4, activation: .geluTanh, isGated: true),
        norm: NormVariant(.rootMeanSquare, epsilon: 1e-6), dModel: 18, vocabularySize: 5,
        contextLength: 8)
    }
    for (layers, scale) in [(46, 1 / Float(9).squareRoot()), (45, 0.5)] {
      let random = Transformer.random(configuration(layers), seed: 1)
      var weights = random.weights
      for layer in weights.blocks.indices {
        let norm = weights.blocks[layer].mlpNorm
        weights.blocks[layer].attentionOutputNorm = norm
        weights.blocks[layer].mlpOutputNorm = norm
        weights.blocks[layer].attention.output.bias = nil
        weights.blocks[layer].mlp.down.bias = nil
        weights.blocks[layer].mlp.up.bias = nil
        weights.blocks[layer].mlp.gate?.bias = nil
      }
      let model = Transformer(
        name: "random", configuration: random.configuration, weights: weights)
      let found = try load(GGUFFile(model, as: "gemma2"))
      #expect(found.configuration.layers.allSatisfy { $0.attentionScale == scale })
    }
  }

  @Test func `Qwen 2 and 3`() throws {
    let base = Value.number(10000)
    try expectSame("qwen2", as: "qwen2", more: [("rope.freq_base", base)])
    try expectSame("qwen3", as: "qwen3", more: [("rope.freq_base", .number(1000))]) {
      // Files of Qwen3 state no windows.
      $0.layers[1].window = nil
    }
  }

  @Test func `OLMo 2`() throws {
    try expectSame("olmo2", as: "olmo2", more: [("rope.freq_base", .number(500))])
  }

  @Test func `Granite`() throws {
    let model = try Transformer(contentsOf: fixtures.appending(path: "models/granite"))
    var weights = model.weights
    // Loading multiplies these biases.
    for layer in weights.blocks.indices { weights.blocks[layer].attention.output.bias = nil }
    try expectSame(
      Transformer(name: "granite", configuration: model.configuration, weights: weights),
      as: "granite", names { $0.hasNeighbours = true },
      more: [
        ("rope.freq_base", .number(50)), ("embedding_scale", .number(3)),
        ("residual_scale", .number(0.4)), ("attention.scale", .number(0.7)),
        ("logit_scale", .number(0.5)),
      ])
  }

  @Test(arguments: [true, false]) func `Phi 2`(isJoint: Bool) throws {
    try expectSame(
      "phi", as: "phi2",
      names {
        $0.mlpNorm = $0.attentionNorm
        $0.isJoint = isJoint
      }, more: [("rope.dimension_count", .integer(4))])
  }

  @Test func `Phi 3`() throws {
    let model = try Transformer(contentsOf: fixtures.appending(path: "models/phi3"))
    let amplitude = model.configuration.layers[0].rotaryAmplitude
    var file = GGUFFile(
      model, as: "phi3", names { $0.isJoint = true },
      more: [
        ("rope.freq_base", .number(50)), ("rope.dimension_count", .integer(4)),
        ("rope.scaling.attn_factor", .number(Float(amplitude))),
        ("rope.scaling.original_context_length", .integer(16)),
        ("attention.sliding_window", .integer(4)),
      ])
    file.set("phi3.context_length", .integer(40))
    for layer in model.weights.blocks.indices {
      // Gate and up are one matrix.
      let name = { (part: String) in "blk.\(layer).ffn_\(part).weight" }
      let gate = try #require(file.tensors.firstIndex { $0.name == name("gate") })
      let joint = file.tensors.remove(at: gate)
      let up = try #require(file.tensors.firstIndex { $0.name == name("up") })
      file.tensors[up].bytes = joint.bytes + file.tensors[up].bytes
      file.tensors[up].shape[0] *= 2
    }
    for (length, factors) in [("short", [1.5, 4]), ("long", [2, 9])] as [(String, [Float])] {
      file.tensors.append(
        GGUFFile.Stored(
          "rope_factors_\(length).weight", shape: [2],
          bytes: Tensor(factors, shape: [2]).littleEndianBytes))
    }
    let found = try load(file)
    var configuration = found.configuration
    #expect(abs(configuration.layers[0].rotaryAmplitude - amplitude) < 1e-6)
    for layer in configuration.layers.indices {
      configuration.layers[layer].rotaryAmplitude = amplitude
    }
    #expect(configuration == model.configuration && found.weights == model.weights)
  }

  @Test func `GPT-2 and GPT-NeoX`() throws {
    let joint = names { $0.isJoint = true }
    try expectSame("gpt2", as: "gpt2", joint, more: [])
    let sizes = try GoldenModel("gpt_neox").model.configuration
    let turned = 2 * (sizes.layers[0].rotaryFrequencies?.count ?? 0)
    try expectSame(
      "gpt_neox", as: "gptneox", joint,
      more: [
        ("rope.dimension_count", .integer(UInt32(turned))),
        ("use_parallel_residual", .flag(sizes.isParallel)),
      ])
  }

  @Test func `Falcon`() throws {
    try expectSame(
      "models/falcon", as: "falcon",
      names {
        $0.isJoint = true
        ($0.attentionNorm, $0.mlpNorm) = ("attn_norm_2", "attn_norm")
      }, more: [("rope.freq_base", .number(50))])
    try expectSame(
      "models/falcon_multi_query", as: "falcon",
      names {
        $0.isJoint = true
        $0.mlpNorm = $0.attentionNorm
      }, more: [])
  }

  @Test func `StarCoder 2 and StableLM`() throws {
    try expectSame(
      "models/starcoder2", as: "starcoder2",
      more: [("rope.freq_base", .number(50)), ("attention.sliding_window", .integer(3))])
    try expectSame(
      "models/stablelm_parallel", as: "stablelm", names { $0.mlpNorm = $0.attentionNorm },
      more: [("rope.freq_base", .number(50)), ("rope.dimension_count", .integer(4))])
    try expectSame(
      "models/stablelm", as: "stablelm", names { $0.hasNormsOfHeads = true },
      more: [("rope.freq_base", .number(50)), ("rope.dimension_count", .integer(2))])
    let model = try Transformer(contentsOf: fixtures.appending(path: "models/stablelm"))
    let error = #expect(throws: CheckpointError.self) {
      try load(GGUFFile(model, as: "stablelm"))
    }
    #expect(error?.description.contains("attn_q_norm.weight\" should have shape") ?? false)
  }
}
