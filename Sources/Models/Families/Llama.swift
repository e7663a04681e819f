import Engine
import Files
import Tensors

/// Llama: RMSNorm, rotary positions, gated MLP, keys and values shared by groups of heads.
enum Llama: ModelFamily {
  static let name = "llama"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let hasBias = try fields.flag("attention_bias", default: false)
    return try GatedModel(
      biases: GatedModel.Biases(
        inputs: hasBias, output: hasBias, mlp: try fields.flag("mlp_bias", default: false))
    ).load(fields, &loader)
  }
}

/// Qwen2: as Llama, with biases on queries, keys and values.
enum Qwen2: ModelFamily {
  static let name = "qwen2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try fields.refuse(
      try fields.flag("use_sliding_window", default: false), "use_sliding_window")
    return try GatedModel(biases: GatedModel.Biases(inputs: true)).load(fields, &loader)
  }
}
