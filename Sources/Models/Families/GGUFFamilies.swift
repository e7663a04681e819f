import Engine
import Files
import Tensors

// Families in GGUF files: which of the usual tensors they have, and under what names.

/// Llama and Mistral: rows of queries and keys lie as neighbours, angles are maybe divided by stored factors.
enum GGUFLlama: ModelFamily {
  static let name = "llama"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.hasNeighbours = true
    return try decoder.load(&loader)
  }
}

/// Granite: Llama with multipliers.
enum GGUFGranite: ModelFamily {
  static let name = "granite"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.hasNeighbours = true
    let multiplier = { (name: String) throws(CheckpointError) -> Float in
      Float(try fields.number("granite." + name, default: 1))
    }
    return try decoder.load(&loader) { configuration throws(CheckpointError) in
      configuration.embeddingScale = try multiplier("embedding_scale")
      configuration.residualScale = try multiplier("residual_scale")
      configuration.logitScale = 1 / (try multiplier("logit_scale"))
      guard fields.contains("granite.attention.scale") else { return }
      let scale = try multiplier("attention.scale")
      for layer in configuration.layers.indices {
        configuration.layers[layer].attentionScale = scale
      }
    }
  }
}

/// Qwen2: biases of queries, keys and values.
enum GGUFQwen2: ModelFamily {
  static let name = "qwen2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try GGUFDecoder(fields).load(&loader)
  }
}

/// Qwen3: norms of each head's queries and keys.
enum GGUFQwen3: ModelFamily {
  static let name = "qwen3"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.addHeadNorms()
    return try decoder.load(&loader)
  }
}

/// OLMo 2: norms after attention and MLP only.
enum GGUFOLMo2: ModelFamily {
  static let name = "olmo2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.addHeadNorms()
    decoder.addOutputNorms()
    (decoder.names.attentionNorm, decoder.names.mlpNorm) = (nil, nil)
    return try decoder.load(&loader) { configuration in
      for layer in configuration.layers.indices {
        configuration.layers[layer].headNormSpan = .layer
      }
    }
  }
}

/// Phi-2: parallel blocks with one norm, queries, keys and values apart or in one.
enum GGUFPhi2: ModelFamily {
  static let name = "phi2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.centre()
    decoder.isParallel = true
    decoder.names.mlpNorm = decoder.names.attentionNorm
    if loader.contains("blk.0.attn_qkv.weight") { decoder.names.inputs = "attn_qkv" }
    return try decoder.load(&loader)
  }
}

/// Phi-3: joint matrices, a window, and angles that are maybe divided by stored factors.
enum GGUFPhi3: ModelFamily {
  static let name = "phi3"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.names.inputs = "attn_qkv"
    decoder.names.gateAndUp = "ffn_up"
    decoder.factors = "rope_factors_short.weight"
    // Those of long prompts are not used.
    let isForLongPrompts = loader.ignore { $0 == "rope_factors_long.weight" }
    return try decoder.load(&loader) { configuration throws(CheckpointError) in
      let amplitude = try fields.number("phi3.rope.scaling.attn_factor", default: 1)
      for layer in configuration.layers.indices {
        configuration.layers[layer].rotaryAmplitude = amplitude
      }
      try fields.addWindow("phi3.attention.sliding_window", to: &configuration)
      guard isForLongPrompts else { return }
      configuration.contextLength = try fields.integer(
        "phi3.rope.scaling.original_context_length", in: 1...configuration.contextLength)
    }
  }
}

/// GPT-2: learned positions, queries, keys and values in one.
enum GGUFGPT2: ModelFamily {
  static let name = "gpt2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.centre()
    decoder.names.positions = "position_embd"
    decoder.names.inputs = "attn_qkv"
    return try decoder.load(&loader)
  }
}

/// GPT-NeoX and Pythia: maybe parallel blocks, queries, keys and values in one.
enum GGUFGPTNeoX: ModelFamily {
  static let name = "gptneox"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.centre()
    decoder.mlp.activation = .geluErf
    decoder.isParallel = try fields.flag("gptneox.use_parallel_residual", default: true)
    decoder.names.inputs = "attn_qkv"
    return try decoder.load(&loader)
  }
}

/// Falcon: parallel blocks with one norm or two, queries, keys and values in one.
enum GGUFFalcon: ModelFamily {
  static let name = "falcon"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.centre()
    decoder.mlp.activation = .geluErf
    decoder.isParallel = true
    decoder.names.inputs = "attn_qkv"
    // With two norms, the first name is the MLP's.
    decoder.names.mlpNorm = decoder.names.attentionNorm
    if loader.contains("blk.0.attn_norm_2.weight") { decoder.names.attentionNorm = "attn_norm_2" }
    return try decoder.load(&loader)
  }
}

/// StarCoder2: LayerNorm and biases everywhere.
enum GGUFStarCoder2: ModelFamily {
  static let name = "starcoder2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.centre()
    return try decoder.load(&loader) { configuration throws(CheckpointError) in
      try fields.addWindow("starcoder2.attention.sliding_window", to: &configuration)
    }
  }
}

/// StableLM: LayerNorm with a gated MLP, and maybe norms of each head; without a norm of the MLP blocks are parallel.
enum GGUFStableLM: ModelFamily {
  static let name = "stablelm"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFDecoder(fields)
    decoder.norm = .layer
    decoder.headNorms = .stacked
    if loader.contains("blk.0.attn_q_norm.weight") { decoder.addHeadNorms() }
    decoder.isParallel = !loader.contains("blk.0.ffn_norm.weight")
    if decoder.isParallel { decoder.names.mlpNorm = decoder.names.attentionNorm }
    return try decoder.load(&loader)
  }
}

extension Fields {
  /// Gives all layers the window that a field states, if it is there.
  fileprivate func addWindow(
    _ key: String, to configuration: inout TransformerConfiguration
  ) throws(CheckpointError) {
    guard contains(key) else { return }
    let window = try integer(key, in: 1...(1 << 24))
    for layer in configuration.layers.indices { configuration.layers[layer].window = window }
  }
}
