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
    ("llama", "mlp_bias"), ("llama", "tie_word_embeddings"), ("gemma2", "layer_types"),
    ("gemma2", "hidden_activation"), ("gemma2", "rms_norm_eps"), ("gemma2", "attention_bias"),
    ("gemma3", "layer_types"), ("gemma3", "attn_logit_softcapping"),
    ("gemma3", "final_logit_softcapping"), ("gemma3", "use_bidirectional_attention"),
    ("olmo2", "rms_norm_eps"), ("olmo2", "tie_word_embeddings"), ("olmo2", "rope_scaling"),
    ("qwen3", "layer_types"), ("qwen3", "tie_word_embeddings"), ("qwen3", "attention_bias"),
    ("phi", "partial_rotary_factor"), ("phi", "layer_norm_eps"), ("phi", "hidden_act"),
    ("phi", "tie_word_embeddings"), ("phi", "num_key_value_heads"), ("gptj", "n_inner"),
    ("gptj", "activation_function"), ("gptj", "tie_word_embeddings"),
    ("opt", "activation_function"), ("opt", "enable_bias"), ("opt", "do_layer_norm_before"),
    ("opt", "word_embed_proj_dim"),
    ("models/mistral", "tie_word_embeddings"), ("models/stablelm", "layer_norm_eps"),
    ("models/stablelm_parallel", "qk_layernorm"), ("models/stablelm_parallel", "use_qkv_bias"),
    ("models/starcoder2", "use_bias"), ("models/starcoder2", "norm_epsilon"),
    ("models/gpt_neo", "layer_norm_epsilon"),
  ]) func `a field that is left out means its default`(family: String, field: String) throws {
    let golden = try Golden(family, "model").model
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

  @Test(arguments: ["language_model.model", "model.language_model"])
  func `a Gemma 3 that also sees is its text model`(prefix: String) throws {
    let golden = try GoldenModel("gemma3").model
    let seeing = try load("gemma3") { fields, tensors in
      fields = ["model_type": "gemma3", "text_config": fields, "vision_config": [:]]
      tensors = Dictionary(
        uniqueKeysWithValues: tensors.map { name, tensor in
          (prefix + name.dropFirst("model".count), tensor)
        })
      tensors["vision_tower.encoder.weight"] = .random([3], seed: 1)
    }
    #expect(seeing.configuration == golden.configuration && seeing.weights == golden.weights)
    #expect(seeing.notes.contains { $0.contains("also sees images") })
  }

  @Test func `Gemma 3's angles are where either version of transformers writes them`() throws {
    let golden = try GoldenModel("gemma3").model.configuration
    let newer = try load("gemma3") { fields, _ in
      for name in ["rope_theta", "rope_scaling", "rope_local_base_freq"] { fields[name] = nil }
      fields["rope_parameters"] = [
        "full_attention": ["rope_type": "linear", "factor": 8, "rope_theta": 2000],
        "sliding_attention": ["rope_type": "default", "rope_theta": 50],
      ]
    }
    #expect(newer.configuration == golden)
    let angles = golden.layers.map { $0.rotaryFrequencies?[1] ?? 0 }
    #expect(angles[0] == pow(50, -1.0 / 6) && angles[2] == pow(2000, -1.0 / 6) / 8)
    #expect(golden.layers.map(\.window) == [4, 4, nil, 4])
  }

  @Test func `every so many layers of SmolLM3 do not turn`() throws {
    let turns = { (change: [String: Any]) in
      try load("models/smollm3") { fields, _ in
        fields["no_rope_layers"] = nil
        fields.merge(change) { $1 }
      }.configuration.layers.map { $0.rotaryFrequencies != nil }
    }
    #expect(try turns([:]) == [true, true, true])
    #expect(try turns(["no_rope_layer_interval": 2]) == [true, false, true])
    #expect(try turns(["no_rope_layers": [0, 0, 1]]) == [false, false, true])
    let error = #expect(throws: CheckpointError.self) { try turns(["no_rope_layers": [1]]) }
    #expect(error?.description.contains("0 or 1 for each of 3 layers") ?? false)
  }

  @Test func `OPT's older names change nothing`() throws {
    let golden = try GoldenModel("opt").model
    let old = try load("opt") { _, tensors in
      tensors = Dictionary(
        uniqueKeysWithValues: tensors.map { ($0.key.replacing("model.", with: ""), $0.value) })
    }
    #expect(old.weights == golden.weights)
    #expect(golden.configuration.contextLength == 32)
  }

  /// A kind of model is named, not only its type.
  @Test(arguments: [
    ("num_local_experts", "a mixture of experts"), ("num_experts", "a mixture of experts"),
    ("n_routed_experts", "a mixture of experts"),
    ("is_encoder_decoder", "an encoder and a decoder"),
    ("type_vocab_size", "an encoder"), ("state_size", "a state-space model"),
    ("vision_config", "a model that sees images"),
  ]) func `what cannot be read is named`(field: String, kind: String) throws {
    let error = #expect(throws: CheckpointError.self) {
      try load("llama") { fields, _ in
        fields["model_type"] = "other"
        fields[field] = field == "is_encoder_decoder" ? true : field == "vision_config" ? [:] : 4
      }
    }
    #expect(error?.description.contains("\"other\", \(kind), is not supported") ?? false)
  }

  @Test func `GPT-2's scores may be scaled by layer, or not at all`() throws {
    let scale = { (layer: Int, change: [String: Any]) in
      try load("gpt2") { fields, _ in fields.merge(change) { $1 } }
        .configuration.layers[layer].attentionScale
    }
    let usual = try scale(1, [:])
    #expect(try scale(1, ["scale_attn_by_inverse_layer_idx": true]) == usual / 2)
    #expect(try scale(1, ["scale_attn_weights": false]) == 1)
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
