import Files
import Engine
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// What a checkpoint may leave out or add, family by family.
@Suite struct ConfigurationTests {
  /// A golden checkpoint with other fields and tensors.
  private func load(
    _ family: String,
    _ change: (inout [String: Any], inout [String: Tensor]) throws -> Void
  ) throws -> Transformer {
    let stored = try Golden(family, "model")
    let config = try Data(contentsOf: stored.directory.appending(path: "config.json"))
    var fields = try #require(try JSONSerialization.jsonObject(with: config) as? [String: Any])
    var tensors: [String: Tensor] = [:]
    for name in stored.file.tensors.keys { tensors[name] = try stored.tensor(name) }
    try change(&fields, &tensors)
    return try withTemporaryDirectory { directory in
      try JSONSerialization.data(withJSONObject: fields).write(
        to: directory.appending(path: "config.json"))
      try Safetensors.encode(tensors).write(to: directory.appending(path: "model.safetensors"))
      return try Transformer(contentsOf: directory)
    }
  }

  /// The golden configurations state what their families take for granted.
  @Test(arguments: [
    ("gpt2", "layer_norm_epsilon"), ("gpt2", "activation_function"),
    ("gpt2", "tie_word_embeddings"), ("gpt2", "n_inner"), ("gpt2", "scale_attn_weights"),
    ("gpt_neox", "layer_norm_eps"), ("gpt_neox", "hidden_act"), ("gpt_neox", "attention_bias"),
    ("gpt_neox", "use_parallel_residual"), ("gpt_neox", "rope_parameters"),
    ("gpt_neox", "tie_word_embeddings"), ("llama", "rms_norm_eps"), ("llama", "hidden_act"),
    ("llama", "head_dim"), ("llama", "rope_parameters"), ("llama", "attention_bias"),
    ("llama", "mlp_bias"), ("llama", "tie_word_embeddings"),
  ]) func `a field that is left out means its default`(family: String, field: String) throws {
    let golden = try GoldenModel(family).model
    let model = try load(family) { fields, _ in
      #expect(fields.removeValue(forKey: field) != nil)
    }
    #expect(model.configuration == golden.configuration && model.weights == golden.weights)
  }

  @Test(arguments: [
    ("gelu_new", Activation.geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh),
    ("gelu", .geluErf), ("silu", .silu), ("swish", .silu), ("relu", .relu),
  ]) func `activations have the names that Hugging Face gives them`(
    name: String, activation: Activation
  ) throws {
    let model = try load("gpt2") { fields, _ in fields["activation_function"] = name }
    #expect(model.configuration.mlp.activation == activation)
  }

  @Test(arguments: ["rope_parameters", "rope_scaling"])
  func `linear scaling slows every angle`(field: String) throws {
    let plain = try #require(
      try GoldenModel("llama").model.configuration.layers[0].rotaryFrequencies)
    let scaled = try load("llama") { fields, _ in
      fields[field] = ["rope_type": "linear", "factor": 4, "rope_theta": 10000]
    }
    #expect(scaled.configuration.layers[0].rotaryFrequencies == plain.map { $0 / 4 })
  }

  @Test(arguments: [("rms_norm_eps", 0), ("rope_theta", 0), ("rms_norm_eps", -1)])
  func `numbers are more than nothing`(field: String, value: Double) throws {
    let error = #expect(throws: CheckpointError.self) {
      try load("llama") { fields, _ in
        fields["rope_parameters"] = nil
        fields[field] = value
      }
    }
    #expect(error?.description.contains("\"\(field)\" should be a positive number") ?? false)
  }

  private let biases: [(name: String, count: Int, path: KeyPath<BlockWeights, Tensor?>)] = [
    ("self_attn.q_proj", 32, \.attention.query.bias),
    ("self_attn.k_proj", 16, \.attention.key.bias),
    ("self_attn.v_proj", 16, \.attention.value.bias),
    ("self_attn.o_proj", 32, \.attention.output.bias),
    ("mlp.gate_proj", 56, \.mlp.gate?.bias), ("mlp.up_proj", 56, \.mlp.up.bias),
    ("mlp.down_proj", 32, \.mlp.down.bias),
  ]

  @Test func `Llama's optional biases are read when they are announced, and refused when not`()
    throws
  {
    let adding = { (tensors: inout [String: Tensor]) in
      for layer in 0..<2 {
        for (index, bias) in biases.enumerated() {
          tensors["model.layers.\(layer).\(bias.name).bias"] = .random(
            [bias.count], seed: UInt64(10 * layer + index))
        }
      }
    }
    let model = try load("llama") { fields, tensors in
      (fields["attention_bias"], fields["mlp_bias"]) = (true, true)
      adding(&tensors)
    }
    for (layer, block) in model.weights.blocks.enumerated() {
      for (index, bias) in biases.enumerated() {
        #expect(
          block[keyPath: bias.path] == .random([bias.count], seed: UInt64(10 * layer + index)),
          "\(bias.name)")
      }
    }
    let error = #expect(throws: CheckpointError.self) {
      try load("llama") { fields, tensors in
        fields["attention_bias"] = true
        adding(&tensors)
      }
    }
    #expect(error?.description.contains("no place for 6 tensors") ?? false)
  }

  @Test func `GPT-2's old names and a copy of tied embeddings change nothing`() throws {
    let golden = try GoldenModel("gpt2").model
    let old = try load("gpt2") { _, tensors in
      tensors = Dictionary(
        uniqueKeysWithValues: tensors.map {
          ($0.key.replacing("transformer.", with: ""), $0.value)
        })
    }
    let copied = try load("gpt2") { _, tensors in
      tensors["lm_head.weight"] = tensors["transformer.wte.weight"]
    }
    #expect(old.weights == golden.weights && copied.weights == golden.weights)
  }

  @Test(arguments: [("gpt_neox", "embed_out.weight"), ("llama", "lm_head.weight")])
  func `tied embeddings are one matrix`(family: String, unembedding: String) throws {
    let model = try load(family) { fields, tensors in
      fields["tie_word_embeddings"] = true
      tensors[unembedding] = nil
    }
    #expect(model.weights.unembedding.weight == model.weights.tokenEmbedding)
  }

  /// A row times a vector of variance 1 has variance 1.
  @Test func `random weights keep the variance`() {
    let configuration = TransformerConfiguration(
      layers: .alike(1, heads: HeadSizes(count: 1, width: 32)),
      heads: HeadSizes(count: 1, width: 32), mlp: MLPVariant(width: 8, activation: .relu),
      norm: NormVariant(.layer, epsilon: 1e-5), dModel: 32, vocabularySize: 2000, contextLength: 4)
    let numbers = Transformer.random(configuration, seed: 1).weights.tokenEmbedding.values()
    let squares = numbers.reduce(0.0) { $0 + Double($1 * $1) } / 2000
    #expect(abs(squares - 1) < 0.02)
    #expect(abs(numbers.reduce(0.0) { $0 + Double($1) } / 64000) < 0.005)
  }
}
