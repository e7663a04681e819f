import Engine
import Files
import Tensors

/// Qwen2: as Llama, with biases on queries, keys and values.
enum Qwen2: ModelFamily {
  static let name = "qwen2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try load(fields, Decoder(biases: Decoder.Biases(inputs: true)), &loader)
  }

  /// Loads what has windows in the later layers, if it has any.
  static func load(
    _ fields: Fields, _ decoder: Decoder, isTied: Bool? = nil, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let slides = try fields.flag("use_sliding_window", default: false)
    let first = try fields.integer("max_window_layers", in: 0...4096, default: 28)
    return try Llama.load(fields, decoder, isTied: isTied, &loader) {
      configuration throws(CheckpointError) in
      let window = slides ? try fields.slidingWindow(absent: 4096) : nil
      try fields.addWindows(window, to: &configuration.layers) { $0 >= first }
    }
  }
}

/// Qwen3: as Qwen2, with norms of each head's queries and keys instead of biases.
enum Qwen3: ModelFamily {
  static let name = "qwen3"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let hasBias = try fields.flag("attention_bias", default: false)
    var decoder = Decoder(biases: Decoder.Biases(inputs: hasBias, output: hasBias))
    decoder.names.queryNorm = "self_attn.q_norm"
    decoder.names.keyNorm = "self_attn.k_norm"
    return try Qwen2.load(fields, decoder, isTied: try fields.isTied(loader), &loader)
  }
}
