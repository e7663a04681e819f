import Engine
import Files
import Tensors

// What configurations of Hugging Face call the sizes of a transformer.

extension Fields {
  /// `num_attention_heads`, `num_key_value_heads` and `head_dim`.
  ///
  /// - Throws: `CheckpointError` for numbers that cannot be.
  func headSizes() throws(CheckpointError) -> HeadSizes {
    let width = try integer("hidden_size")
    let heads = try integer("num_attention_heads", in: 1...width)
    return HeadSizes(
      count: heads,
      keyValueCount: try integer("num_key_value_heads", in: 1...heads, default: heads),
      width: try integer("head_dim", default: max(width / heads, 1)))
  }

  /// `num_hidden_layers` layers that are alike.
  func layers(_ heads: HeadSizes, rotaryFrequencies: [Double]?) throws(CheckpointError)
    -> [LayerVariant]
  {
    .alike(
      try integer("num_hidden_layers", in: 1...4096), rotaryFrequencies: rotaryFrequencies,
      heads: heads)
  }

  /// A transformer whose sizes have their usual names.
  func decoder(
    _ layers: [LayerVariant], _ heads: HeadSizes, _ mlp: MLPVariant, _ norm: NormVariant,
    isParallel: Bool = false
  ) throws(CheckpointError) -> TransformerConfiguration {
    TransformerConfiguration(
      layers: layers, heads: heads, mlp: mlp, norm: norm, dModel: try integer("hidden_size"),
      vocabularySize: try integer("vocab_size", in: 1...(1 << 24)),
      contextLength: try integer("max_position_embeddings", in: 1...(1 << 24)),
      isParallel: isParallel)
  }

  /// `intermediate_size` and an activation.
  func mlp(
    _ name: String = "hidden_act", default activation: String, isGated: Bool = true
  ) throws(CheckpointError) -> MLPVariant {
    MLPVariant(
      width: try integer("intermediate_size"),
      activation: try self.activation(name, default: activation), isGated: isGated)
  }

  /// How many hidden values an MLP has: four times the stream's width, if nothing else is said.
  func innerWidth(_ name: String, of width: Int) throws(CheckpointError) -> Int {
    try integer(name, default: 4 * width)
  }

  /// RMSNorm with `rms_norm_eps`.
  func rootMeanSquare() throws(CheckpointError) -> NormVariant {
    NormVariant(.rootMeanSquare, epsilon: Float(try number("rms_norm_eps", default: 1e-6)))
  }

  /// LayerNorm with an epsilon of some name.
  func layerNorm(_ name: String) throws(CheckpointError) -> NormVariant {
    NormVariant(.layer, epsilon: Float(try number(name, default: 1e-5)))
  }

  /// `tie_word_embeddings`; where it is absent, whether the file has no unembedding of its own.
  func isTied(
    _ loader: WeightLoader, unembedding: String = "lm_head"
  ) throws(CheckpointError) -> Bool {
    try flag("tie_word_embeddings", default: !loader.contains(unembedding + ".weight"))
  }

  /// A number, nil where it is null or absent; `fallback` for the latter, if there is one.
  func optionalNumber(
    _ name: String, absent fallback: Double? = nil
  ) throws(CheckpointError) -> Double? {
    if values[name] == nil { return fallback }
    return contains(name) ? try number(name) : nil
  }

  /// `sliding_window`, nil where it is null; `fallback` where it is absent.
  func slidingWindow(absent fallback: Int? = nil) throws(CheckpointError) -> Int? {
    if values["sliding_window"] == nil { return fallback }
    return contains("sliding_window") ? try integer("sliding_window", in: 1...(1 << 24)) : nil
  }

  /// Whether each layer has a window: as `layer_types` says, or else as a rule does.
  func slidingLayers(
    _ count: Int, otherwise rule: (Int) -> Bool
  ) throws(CheckpointError) -> [Bool] {
    guard contains("layer_types") else { return (0..<count).map(rule) }
    let types = try texts("layer_types")
    guard types.count == count else {
      throw CheckpointError(
        file,
        .badField(
          "layer_types", expected: "a type for each of \(count) layers", found: "\(types.count)"))
    }
    if let other = types.first(where: { !["sliding_attention", "full_attention"].contains($0) }) {
      throw CheckpointError(file, .unsupported("layers of the type \"\(other)\""))
    }
    return types.map { $0 == "sliding_attention" }
  }

  /// Gives some layers a window.
  func addWindows(
    _ window: Int?, to layers: inout [LayerVariant], otherwise rule: (Int) -> Bool
  ) throws(CheckpointError) {
    for (layer, slides) in try slidingLayers(layers.count, otherwise: rule).enumerated()
    where slides {
      layers[layer].window = window
    }
  }
}
