import Engine
import Files
import Tensors

/// Gemma 2 in a GGUF file, where 1 was added to the norms' scales.
enum GGUFGemma2: ModelFamily {
  static let name = "gemma2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try decoder(fields).load(&loader) { configuration throws(CheckpointError) in
      finish(&configuration, layersOfWideHeads: 46)
      let window = try fields.integer(
        "gemma2.attention.sliding_window", in: 1...(1 << 24), default: 4096)
      let cap = Float(try fields.number("gemma2.attn_logit_softcapping", default: 50))
      for layer in configuration.layers.indices {
        configuration.layers[layer].scoreCap = cap
        configuration.layers[layer].window = layer % 2 == 0 ? window : nil
      }
      configuration.logitCap = Float(
        try fields.number("gemma2.final_logit_softcapping", default: 30))
    }
  }

  /// What Gemma 2 and 3 have in common.
  static func decoder(_ fields: Fields) -> GGUFDecoder {
    var decoder = GGUFDecoder(fields)
    decoder.mlp.activation = .geluTanh
    decoder.addOutputNorms()
    return decoder
  }

  /// Multiplies embeddings, and scores by the inverse root of a head's width; of the largest model, known by its layers
  /// since no field says it, by that of the heads' even share of the stream.
  static func finish(_ configuration: inout TransformerConfiguration, layersOfWideHeads: Int) {
    configuration.embeddingScale = Float(configuration.dModel).squareRoot()
    guard configuration.layerCount == layersOfWideHeads else { return }
    let share = Float(configuration.dModel / configuration.headCount)
    for layer in configuration.layers.indices {
      configuration.layers[layer].attentionScale = 1 / share.squareRoot()
    }
  }
}

/// Gemma 3 in a GGUF file.
enum GGUFGemma3: ModelFamily {
  static let name = "gemma3"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var decoder = GGUFGemma2.decoder(fields)
    decoder.addHeadNorms()
    let local = try fields.number("gemma3.rope.freq_base_swa", default: 10000)
    return try decoder.load(&loader) { configuration throws(CheckpointError) in
      GGUFGemma2.finish(&configuration, layersOfWideHeads: 62)
      let window = try fields.integer(
        "gemma3.attention.sliding_window", in: 1...(1 << 24), default: 4096)
      let pattern = try fields.integer("gemma3.attention.sliding_window_pattern", default: 6)
      let frequencies = try decoder.frequencies(base: local, dHead: configuration.dHead)
      for layer in configuration.layers.indices where (layer + 1) % pattern != 0 {
        configuration.layers[layer].window = window
        configuration.layers[layer].rotaryFrequencies = frequencies
      }
    }
  }
}
