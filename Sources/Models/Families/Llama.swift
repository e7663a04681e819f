import Engine
import Files
import Tensors

/// Llama: RMSNorm, rotary positions, gated MLP, keys and values shared by groups of heads.
enum Llama: ModelFamily {
  static let name = "llama"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try load(fields, Decoder(biases: try biases(fields)), &loader)
  }

  /// Optional biases of all matrices.
  static func biases(_ fields: Fields) throws(CheckpointError) -> Decoder.Biases {
    let hasBias = try fields.flag("attention_bias", default: false)
    return Decoder.Biases(
      inputs: hasBias, output: hasBias, mlp: try fields.flag("mlp_bias", default: false))
  }

  /// Loads what has Llama's configuration but for some changes.
  static func load(
    _ fields: Fields, _ decoder: Decoder, isTied: Bool? = nil, _ loader: inout WeightLoader,
    change: (inout TransformerConfiguration) throws(CheckpointError) -> Void = { _ in }
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let heads = try fields.headSizes()
    var configuration = try fields.decoder(
      try fields.layers(
        heads, rotaryFrequencies: try fields.rotaryFrequencies(dHead: heads.width)),
      heads, try fields.mlp(default: "silu"), try fields.rootMeanSquare())
    try change(&configuration)
    fields.noteRotaryBase(&loader)
    let stated = try fields.flag("tie_word_embeddings", default: false)
    return (
      configuration,
      try decoder.weights(configuration, isTied: isTied ?? stated, fields.file, &loader)
    )
  }
}

/// Mistral: Llama with a window in every layer.
enum Mistral: ModelFamily {
  static let name = "mistral"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let isTied = try fields.isTied(loader)
    return try Llama.load(fields, Decoder(), isTied: isTied, &loader) {
      configuration throws(CheckpointError) in
      try fields.addWindows(
        try fields.slidingWindow(absent: 4096), to: &configuration.layers
      ) { _ in true }
    }
  }
}

/// SmolLM3: Llama in which some layers do not turn queries and keys.
enum SmolLM3: ModelFamily {
  static let name = "smollm3"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let decoder = Decoder(biases: try Llama.biases(fields))
    let isTied = try fields.isTied(loader)
    let slides = try fields.flag("use_sliding_window", default: false)
    return try Llama.load(fields, decoder, isTied: isTied, &loader) {
      configuration throws(CheckpointError) in
      for (layer, turns) in try turns(fields, configuration.layerCount).enumerated() where !turns {
        configuration.layers[layer].rotaryFrequencies = nil
      }
      let window = slides ? try fields.slidingWindow() : nil
      try fields.addWindows(window, to: &configuration.layers) { _ in false }
    }
  }

  /// Whether each layer turns queries and keys: `no_rope_layers`, which is 1 for those that do; or all but each
  /// `no_rope_layer_interval`-th.
  private static func turns(_ fields: Fields, _ count: Int) throws(CheckpointError) -> [Bool] {
    guard let listed = fields.values["no_rope_layers"], listed != .null else {
      let interval = try fields.integer("no_rope_layer_interval", default: 4)
      return (1...count).map { $0 % interval != 0 }
    }
    guard let flags = listed.integers, flags.count == count,
      flags.allSatisfy({ (0...1).contains($0) })
    else {
      throw CheckpointError(
        fields.file,
        .badField(
          "no_rope_layers", expected: "0 or 1 for each of \(count) layers", found: "\(listed)"))
    }
    return flags.map { $0 == 1 }
  }
}

/// Granite: Llama with multipliers of embeddings, scores, writes and logits.
enum Granite: ModelFamily {
  static let name = "granite"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let decoder = Decoder(biases: try Llama.biases(fields))
    let isTied = try fields.isTied(loader)
    return try Llama.load(fields, decoder, isTied: isTied, &loader) {
      configuration throws(CheckpointError) in
      let scale = Float(try fields.number("attention_multiplier", default: 1))
      for layer in configuration.layers.indices {
        configuration.layers[layer].attentionScale = scale
      }
      configuration.embeddingScale = Float(try fields.number("embedding_multiplier", default: 1))
      configuration.residualScale = Float(try fields.number("residual_multiplier", default: 1))
      configuration.logitScale = Float(1 / (try fields.number("logits_scaling", default: 1)))
    }
  }
}
