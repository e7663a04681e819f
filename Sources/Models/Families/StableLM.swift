import Engine
import Files
import Tensors

/// StableLM: Llama with LayerNorm, rotary positions on part of each head, and maybe norms of each head's queries and keys.
enum StableLM: ModelFamily {
  static let name = "stablelm"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let heads = try fields.headSizes()
    let isParallel = try fields.flag("use_parallel_residual", default: false)
    let configuration = try fields.decoder(
      try fields.layers(
        heads, rotaryFrequencies: try fields.rotaryFrequencies(dHead: heads.width, share: 0.25)),
      heads, try fields.mlp(default: "silu"), try fields.layerNorm("layer_norm_eps"),
      isParallel: isParallel)
    var decoder = Decoder(
      biases: Decoder.Biases(inputs: try fields.flag("use_qkv_bias", default: false)),
      headNorms: .listed)
    if try fields.flag("qk_layernorm", default: false) {
      decoder.names.queryNorm = "self_attn.q_layernorm"
      decoder.names.keyNorm = "self_attn.k_layernorm"
    }
    if isParallel { decoder.names.mlpNorm = decoder.names.attentionNorm }
    fields.noteRotaryBase(&loader)
    return (
      configuration,
      try decoder.weights(
        configuration, isTied: try fields.isTied(loader), fields.file, &loader)
    )
  }
}

/// StarCoder2: LayerNorm, a window in every layer, biases everywhere but on the unembedding.
enum StarCoder2: ModelFamily {
  static let name = "starcoder2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let heads = try fields.headSizes()
    let hasBias = try fields.flag("use_bias", default: true)
    var layers = try fields.layers(
      heads, rotaryFrequencies: try fields.rotaryFrequencies(dHead: heads.width))
    try fields.addWindows(try fields.slidingWindow(absent: 4096), to: &layers) { _ in true }
    let configuration = try fields.decoder(
      layers, heads, try fields.mlp(default: "gelu_pytorch_tanh", isGated: false),
      try fields.layerNorm("norm_epsilon"))
    var decoder = Decoder(
      biases: Decoder.Biases(inputs: hasBias, output: hasBias, mlp: hasBias))
    (decoder.names.up, decoder.names.down) = ("mlp.c_fc", "mlp.c_proj")
    fields.noteRotaryBase(&loader)
    return (
      configuration,
      try decoder.weights(
        configuration, isTied: try fields.isTied(loader), fields.file, &loader)
    )
  }
}
