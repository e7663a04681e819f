import Engine
import Files
import Foundation
import Tensors

/// Gemma 2: norms before and after attention and MLP, windows in every other layer, scores and logits within bounds.
enum Gemma2: ModelFamily {
  static let name = "gemma2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let heads = try fields.headSizes()
    var layers = try fields.layers(
      heads, rotaryFrequencies: try fields.rotaryFrequencies(dHead: heads.width))
    let cap = try fields.optionalNumber("attn_logit_softcapping", absent: 50).map { Float($0) }
    for layer in layers.indices { layers[layer].scoreCap = cap }
    try fields.addWindows(try fields.slidingWindow(absent: 4096), to: &layers) { $0 % 2 == 0 }
    fields.noteRotaryBase(&loader)
    return try load(fields, layers, heads, finalCap: 30, Decoder.Names(), &loader)
  }

  /// Loads what Gemma 2 and 3 have in common.
  static func load(
    _ fields: Fields, _ layers: [LayerVariant], _ heads: HeadSizes, finalCap: Double?,
    _ names: Decoder.Names, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try fields.refuse(
      try fields.flag("attention_bias", default: false), "attention_bias under a norm of its output"
    )
    var names = names
    names.attentionOutputNorm = "post_attention_layernorm"
    names.mlpNorm = "pre_feedforward_layernorm"
    names.mlpOutputNorm = "post_feedforward_layernorm"
    let scale = pow(try fields.number("query_pre_attn_scalar", default: 256), -0.5)
    var configuration = try fields.decoder(
      layers.map { layer in
        var layer = layer
        layer.attentionScale = Float(scale)
        return layer
      }, heads, try fields.mlp("hidden_activation", default: "gelu_pytorch_tanh"),
      try fields.rootMeanSquare())
    configuration.embeddingScale = Float(configuration.dModel).squareRoot()
    configuration.logitCap = try fields.optionalNumber("final_logit_softcapping", absent: finalCap)
      .map { Float($0) }
    return (
      configuration,
      try Decoder(names: names, norms: .excesses).weights(
        configuration, isTied: try fields.isTied(loader, unembedding: names.unembedding),
        fields.file, &loader)
    )
  }
}

/// Gemma 3: Gemma 2 with norms of queries and keys, without bounds of scores, and with angles of their own where layers
/// have windows.
enum Gemma3Text: ModelFamily {
  static let name = "gemma3_text"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try load(fields, Decoder.Names(), &loader)
  }

  static func load(
    _ fields: Fields, _ names: Decoder.Names, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try fields.refuse(
      try fields.flag("use_bidirectional_attention", default: false),
      "use_bidirectional_attention")
    let heads = try fields.headSizes()
    let (local, global) = try frequencies(fields, dHead: heads.width)
    var layers = try fields.layers(heads, rotaryFrequencies: global)
    let pattern = try fields.integer(
      fields.contains("sliding_window_pattern")
        ? "sliding_window_pattern" : "_sliding_window_pattern", default: 6)
    try fields.addWindows(try fields.slidingWindow(absent: 4096), to: &layers) {
      ($0 + 1) % pattern != 0
    }
    for (layer, slides) in try fields.slidingLayers(
      layers.count, otherwise: { ($0 + 1) % pattern != 0 }
    ).enumerated() where slides {
      layers[layer].rotaryFrequencies = local
    }
    var names = names
    names.queryNorm = "self_attn.q_norm"
    names.keyNorm = "self_attn.k_norm"
    return try Gemma2.load(fields, layers, heads, finalCap: nil, names, &loader)
  }

  /// The angles of layers with windows, and of the others.
  private static func frequencies(
    _ fields: Fields, dHead: Int
  ) throws(CheckpointError) -> (local: [Double], global: [Double]) {
    if let parameters = fields.object("rope_parameters"),
      let local = parameters.object("sliding_attention"),
      let global = parameters.object("full_attention")
    {
      return (
        try local.rotaryFrequencies(dHead: dHead), try global.rotaryFrequencies(dHead: dHead)
      )
    }
    var local = fields.values
    local["rope_theta"] = .number(try fields.number("rope_local_base_freq", default: 10000))
    local["rope_scaling"] = .null
    var global = fields.values
    global["rope_theta"] = .number(try fields.number("rope_theta", default: 1_000_000))
    return (
      try Fields(file: fields.file, values: local).rotaryFrequencies(dHead: dHead),
      try Fields(file: fields.file, values: global).rotaryFrequencies(dHead: dHead)
    )
  }
}

/// Gemma 3 that also sees images, of which the text model is used.
enum Gemma3: ModelFamily {
  static let name = "gemma3"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    guard let text = fields.object("text_config") else {
      throw CheckpointError(
        fields.file, .badField("text_config", expected: "an object", found: "nothing"))
    }
    let seeing = ["vision_tower.", "multi_modal_projector."]
    if loader.ignore(where: { name in seeing.contains { name.contains($0) } }) {
      loader.note("the model also sees images; only its text model is used")
    }
    // Versions of transformers put the text model's names in different places.
    let isInside = loader.contains("model.language_model.embed_tokens.weight")
    let (prefix, head) =
      isInside
      ? ("model.language_model", "lm_head") : ("language_model.model", "language_model.lm_head")
    var names = Decoder.Names()
    names.embedding = prefix + ".embed_tokens"
    names.finalNorm = prefix + ".norm"
    names.unembedding = head
    names.block = prefix + ".layers"
    let filled = Fields(file: fields.file, values: usual.merging(text.values) { $1 })
    return try Gemma3Text.load(filled, names, &loader)
  }

  /// What a text configuration leaves out when it is as in transformers.
  private static let usual: [String: FieldValue] = [
    "vocab_size": .integer(262_208), "hidden_size": .integer(2304),
    "intermediate_size": .integer(9216), "num_hidden_layers": .integer(26),
    "num_attention_heads": .integer(8), "num_key_value_heads": .integer(4),
    "head_dim": .integer(256), "max_position_embeddings": .integer(131_072),
  ]
}
