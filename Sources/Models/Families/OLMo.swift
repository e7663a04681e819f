import Engine
import Files
import Tensors

/// OLMo: Llama with LayerNorms without parameters, and queries, keys and values that may be cut off.
enum OLMo: ModelFamily {
  static let name = "olmo"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let decoder = Decoder(biases: try Llama.biases(fields), norms: .none)
    let isTied = try fields.isTied(loader)
    return try Llama.load(fields, decoder, isTied: isTied, &loader) {
      configuration throws(CheckpointError) in
      configuration.norm = NormVariant(.layer, epsilon: 1e-5)
      let limit = try fields.optionalNumber("clip_qkv").map { Float($0) }
      for layer in configuration.layers.indices { configuration.layers[layer].inputLimit = limit }
    }
  }
}

/// OLMo 2: no norms before but after attention and MLP, and norms of the queries and of the keys of all heads.
enum OLMo2: ModelFamily {
  static let name = "olmo2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try fields.refuse(
      try fields.flag("attention_bias", default: false), "attention_bias under a norm of its output"
    )
    var names = Decoder.Names()
    names.attentionNorm = nil
    names.queryNorm = "self_attn.q_norm"
    names.keyNorm = "self_attn.k_norm"
    names.attentionOutputNorm = "post_attention_layernorm"
    names.mlpNorm = nil
    names.mlpOutputNorm = "post_feedforward_layernorm"
    let isTied = try fields.isTied(loader)
    return try Llama.load(fields, Decoder(names: names), isTied: isTied, &loader) {
      configuration throws(CheckpointError) in
      configuration.norm.epsilon = Float(try fields.number("rms_norm_eps", default: 1e-5))
      for layer in configuration.layers.indices {
        configuration.layers[layer].headNormSpan = .layer
      }
    }
  }
}
