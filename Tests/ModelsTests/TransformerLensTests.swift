import Files
import Engine
import Foundation
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// Checkpoints under TransformerLens' names.
@Suite struct TransformerLensTests {
  /// A model's weights under TransformerLens' names and shapes.
  private func tensors(_ model: Transformer) -> [String: Tensor] {
    let (sizes, weights) = (model.configuration, model.weights)
    let (width, dHead) = (sizes.dModel, sizes.dHead)
    // TransformerLens multiplies embeddings when it converts them.
    var embedding = weights.tokenEmbedding.float32
    embedding.scale(by: sizes.embeddingScale)
    var named = ["embed.W_E": embedding]
    named["pos_embed.W_pos"] = weights.positionEmbedding
    let norm = { (name: String, norm: Normalization) in
      named[name + ".w"] = norm.scale
      named[name + ".b"] = norm.bias
    }
    let matrix = { (name: String, suffix: String, linear: Linear) in
      named["\(name).W_\(suffix)"] = linear.weight.transposed()
      named["\(name).b_\(suffix)"] =
        linear.bias ?? Tensor(zeros: [linear.weight.rowCount])
    }
    for (layer, block) in weights.blocks.enumerated() {
      let name = "blocks.\(layer)"
      norm(name + ".ln1", block.attentionNorm)
      norm(name + ".ln2", block.mlpNorm)
      if let own = block.attentionOutputNorm { norm(name + ".ln1_post", own) }
      if let own = block.mlpOutputNorm { norm(name + ".ln2_post", own) }
      for (letter, linear) in [
        ("Q", block.attention.query), ("K", block.attention.key), ("V", block.attention.value),
      ] {
        let heads = linear.weight.rowCount / dHead
        let isShared = heads < sizes.headCount
        let perHead = linear.weight.reshaped([heads, dHead, width])
        named["\(name).attn.\(isShared ? "_" : "")W_\(letter)"] = Tensor(
          stacking: (0..<heads).map { perHead.slice(block: $0).transposed() })
        named["\(name).attn.\(isShared ? "_" : "")b_\(letter)"] =
          (linear.bias ?? Tensor(zeros: [heads * dHead])).reshaped([heads, dHead])
      }
      let output = block.attention.output
      named["\(name).attn.W_O"] = output.weight.transposed().reshaped([
        sizes.headCount, dHead, width,
      ])
      named["\(name).attn.b_O"] = output.bias ?? Tensor(zeros: [width])
      named["\(name).attn.mask"] = Tensor(zeros: [1])
      named["\(name).mlp.W_gate"] = block.mlp.gate?.weight.transposed()
      matrix("\(name).mlp", "in", block.mlp.up)
      matrix("\(name).mlp", "out", block.mlp.down)
    }
    norm("ln_final", weights.finalNorm)
    matrix("unembed", "U", weights.unembedding)
    return named
  }

  private func config(_ model: Transformer) -> [String: Any] {
    let sizes = model.configuration
    return [
      "n_layers": sizes.layerCount, "n_heads": sizes.headCount, "d_model": sizes.dModel,
      "n_key_value_heads": sizes.keyValueHeadCount, "d_head": sizes.dHead, "d_mlp": sizes.dMLP,
      "d_vocab": sizes.vocabularySize, "n_ctx": sizes.contextLength, "eps": sizes.norm.epsilon,
      "act_fn": sizes.mlp.isGated ? "silu" : model.configuration.isParallel ? "gelu" : "gelu_new",
      "gated_mlp": sizes.mlp.isGated, "parallel_attn_mlp": sizes.isParallel,
      "normalization_type": sizes.norm.kind == .layer ? "LN" : "RMS",
      "positional_embedding_type": sizes.hasLearnedPositions ? "standard" : "rotary",
      "rotary_dim": 2 * (sizes.layers[0].rotaryFrequencies?.count ?? 1), "rotary_base": 10000,
      "attn_scores_soft_cap": -1, "attn_scale": Float(sizes.dHead).squareRoot(),
    ]
  }

  private func load(_ config: [String: Any], _ tensors: [String: Tensor]) throws -> Transformer {
    try withTemporaryDirectory { directory in
      try JSONSerialization.data(withJSONObject: config).write(
        to: directory.appending(path: "config.json"))
      try Safetensors.encode(tensors).write(to: directory.appending(path: "model.safetensors"))
      return try Transformer(contentsOf: directory)
    }
  }

  @Test(arguments: ["gpt2", "gpt_neox", "llama"])
  func `the same weights give the same logits`(family: String) throws {
    let golden = try GoldenModel(family)
    let model = try load(config(golden.model), tensors(golden.model))
    expectClose(
      model.logits(golden.clean), golden.model.logits(golden.clean), relative: 1e-5, family)
  }

  @Test func `attention's scale and direction are as the configuration says`() throws {
    let golden = try GoldenModel("gpt2")
    let tensors = tensors(golden.model)
    let read = { (changes: [String: any Sendable]) in
      let config = config(golden.model).merging(changes) { $1 }
      return try load(config, tensors).configuration
    }
    let usual = 1 / Float(golden.model.configuration.dHead).squareRoot()
    #expect(try read(["attn_scale": 4]).layers[0].attentionScale == 0.25)
    #expect(try read(["attn_scale": -1]).layers[0].attentionScale == usual)
    #expect(try read(["attn_scale": 4, "use_attn_scale": false]).layers[0].attentionScale == 1)
    #expect(try read([:]).isCausal && read(["attention_dir": "causal"]).isCausal)
    #expect(try !read(["attention_dir": "bidirectional"]).isCausal)
  }

  @Test func `a model without MLPs is one whose MLPs write nothing`() throws {
    let golden = try GoldenModel("gpt2")
    var weights = golden.model.weights
    for layer in weights.blocks.indices {
      weights.blocks[layer].mlp.down.weight.scale(by: 0)
      weights.blocks[layer].mlp.down.bias?.scale(by: 0)
    }
    let silent = Transformer(
      name: "silent", configuration: golden.model.configuration, weights: weights)
    let config = config(golden.model).merging(["attn_only": true, "d_mlp": NSNull()]) { $1 }
    let model = try load(
      config, tensors(golden.model).filter { !$0.key.contains("mlp") && !$0.key.contains("ln2") })
    expectClose(
      model.logits(golden.clean), silent.logits(golden.clean), relative: 1e-5)
    #expect(model.notes.isEmpty && !model.graph.hasMLPs && silent.graph.hasMLPs)
    #expect(model.graph.writers == silent.graph.writers.filter { !"\($0)".hasPrefix("m") })
  }

  @Test func `Gemma 2's norms, windows and bounds`() throws {
    let golden = try GoldenModel("gemma2")
    let sizes = golden.model.configuration
    let more: [String: Any] = [
      "use_normalization_before_and_after": true, "act_fn": "gelu_pytorch_tanh",
      "attn_scores_soft_cap": 1.5, "output_logits_soft_cap": 2, "use_local_attn": true,
      "attn_types": ["local", "global", "local"], "window_size": 4, "rotary_base": 1000,
      "attn_scale": Float(20).squareRoot(), "eps": 1e-6,
    ]
    let config = config(golden.model).merging(more) { $1 }
    var tensors = tensors(golden.model)
    let model = try load(config, tensors)
    #expect(model.configuration.layers.map(\.window) == sizes.layers.map(\.window))
    expectClose(
      model.logits(golden.clean), golden.model.logits(golden.clean), relative: 1e-5)
    let error = #expect(throws: CheckpointError.self) {
      try load(config.merging(["attn_types": ["local"]]) { $1 }, tensors)
    }
    #expect(error?.description.contains("\"attn_types\" should be global or local") ?? false)
    tensors["blocks.1.attn.b_O"] = .random([sizes.dModel], seed: 1)
    let other = #expect(throws: CheckpointError.self) { try load(config, tensors) }
    #expect(other?.description.contains("blocks.1.attn.b_O under a norm") ?? false)
  }

  @Test func `neighbours turn together`() throws {
    let golden = try GoldenModel("gptj")
    var tensors = tensors(golden.model)
    let order = [0, 2, 1, 3, 4, 5, 6, 7].map { Int32($0) }
    for layer in 0..<2 {
      for letter in ["Q", "K"] {
        // [head, dModel, dHead]: columns 0, 2 and 1, 3 turn together, and are to be neighbours.
        let name = "blocks.\(layer).attn.W_\(letter)"
        let heads = try #require(tensors[name])
        tensors[name] = Tensor(
          stacking: (0..<4).map {
            heads.slice(block: $0).transposed().gatherRows(order).transposed()
          })
      }
    }
    let more: [String: Any] = ["rotary_adjacent_pairs": true, "act_fn": "gelu_new", "eps": 1e-5]
    let config = config(golden.model).merging(more) { $1 }
    expectClose(
      try load(config, tensors).logits(golden.clean), golden.model.logits(golden.clean),
      relative: 1e-5)
  }

  @Test func `scores may be scaled by layer`() throws {
    let golden = try GoldenModel("gpt2")
    let config = config(golden.model).merging(["scale_attn_by_inverse_layer_idx": true]) { $1 }
    let layers = try load(config, tensors(golden.model)).configuration.layers
    #expect(layers[1].attentionScale == layers[0].attentionScale / 2)
  }

  @Test func `folded norms have no parameters`() throws {
    let golden = try GoldenModel("gpt2")
    var config = config(golden.model)
    config["normalization_type"] = "LNPre"
    let tensors = tensors(golden.model)
    let folded = tensors.filter { !$0.key.contains("ln") }
    let model = try load(config, folded)
    #expect(model.weights.finalNorm.scale.values().allSatisfy { $0 == 1 })
    #expect(throws: CheckpointError.self) { try load(config, tensors) }
  }

  @Test(
    arguments: [
      ("use_qk_norm", true), ("final_rms", true),
      ("positional_embedding_type", "shortformer"),
      ("normalization_type", "batch"), ("n_key_value_heads", 2), ("num_experts", 4),
    ] as [(String, any Sendable)])
  func `what would change the numbers is refused by name`(
    field: String, value: any Sendable
  ) throws {
    let golden = try GoldenModel("gpt2")
    var config = config(golden.model)
    config[field] = value
    let tensors = tensors(golden.model)
    let error = try #require(throws: CheckpointError.self) { try load(config, tensors) }
    #expect(error.description.contains(field == "num_experts" ? "experts" : field))
  }
}
