import Engine
import Files
import Tensors

/// OPT: learned positions, LayerNorm, ReLU, biases everywhere.
enum OPT: ModelFamily {
  static let name = "opt"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let width = try fields.integer("hidden_size")
    try fields.refuse(
      !(try fields.flag("do_layer_norm_before", default: true)), "do_layer_norm_before: false")
    try fields.refuse(
      try fields.integer("word_embed_proj_dim", default: width) != width, "word_embed_proj_dim")
    try fields.refuse(
      !(try fields.flag("layer_norm_elementwise_affine", default: true)),
      "layer_norm_elementwise_affine: false")
    try fields.refuse(
      try fields.flag("_remove_final_layer_norm", default: false), "_remove_final_layer_norm")
    let hasBias = try fields.flag("enable_bias", default: true)
    let heads = try fields.headCount("num_attention_heads", dividing: width)
    let sizes = HeadSizes(count: heads, width: width / heads)
    var configuration = try fields.decoder(
      try fields.layers(sizes, rotaryFrequencies: nil), sizes,
      MLPVariant(
        width: try fields.integer("ffn_dim"),
        activation: try fields.activation("activation_function", default: "relu")),
      NormVariant(.layer, epsilon: 1e-5))
    // Older files leave "model." out.
    let prefix =
      loader.contains("decoder.embed_tokens.weight") ? "decoder." : "model.decoder."
    // Two unused rows come first.
    configuration.contextLength += unusedRows
    let decoder = Decoder(
      biases: Decoder.Biases(inputs: hasBias, output: hasBias, mlp: hasBias),
      names: Decoder.Names(
        embedding: prefix + "embed_tokens", positions: prefix + "embed_positions",
        finalNorm: prefix + "final_layer_norm", block: prefix + "layers",
        attentionNorm: "self_attn_layer_norm", output: "self_attn.out_proj",
        mlpNorm: "final_layer_norm", up: "fc1", down: "fc2"))
    var weights = try decoder.weights(
      configuration, isTied: try fields.isTied(loader), fields.file, &loader)
    let rows = unusedRows..<configuration.contextLength
    weights.positionEmbedding = weights.positionEmbedding?.slice(rows)
    configuration.contextLength = rows.count
    return (configuration, weights)
  }

  /// The rows of the table of positions that come before that of position 0.
  private static let unusedRows = 2
}
