import Engine
import Files
import Tensors

/// Falcon: parallel blocks, queries, keys and values in one matrix, no biases unless it says so.
enum Falcon: ModelFamily {
  static let name = "falcon"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try fields.refuse(try fields.flag("alibi", default: false), "alibi")
    let isNew = try fields.flag("new_decoder_architecture", default: false)
    let isParallel = try fields.flag("parallel_attn", default: true)
    try fields.refuse(!isNew && !isParallel, "parallel_attn: false")
    let heads = try headSizes(fields, isNew: isNew)
    let width = try fields.integer("hidden_size")
    let hasBias = try fields.flag("bias", default: false)
    let configuration = TransformerConfiguration(
      layers: try fields.layers(
        heads, rotaryFrequencies: try fields.rotaryFrequencies(dHead: heads.width)),
      heads: heads,
      mlp: MLPVariant(
        width: try fields.innerWidth("ffn_hidden_size", of: width),
        activation: try fields.activation("activation", default: "gelu")),
      norm: try fields.layerNorm("layer_norm_epsilon"), dModel: width,
      vocabularySize: try fields.integer("vocab_size", in: 1...(1 << 24)),
      contextLength: try fields.integer(
        "max_position_embeddings", in: 1...(1 << 24), default: 2048), isParallel: true)
    let normCount = try fields.integer("num_ln_in_parallel_attn", in: 1...2, default: isNew ? 2 : 1)
    let norms = normCount == 2 ? ("ln_attn", "ln_mlp") : ("input_layernorm", "input_layernorm")
    let decoder = Decoder(
      biases: Decoder.Biases(inputs: hasBias, output: hasBias, mlp: hasBias),
      names: Decoder.Names(
        embedding: "transformer.word_embeddings", finalNorm: "transformer.ln_f",
        block: "transformer.h", attentionNorm: norms.0, inputs: "self_attention.query_key_value",
        output: "self_attention.dense", mlpNorm: norms.1, up: "mlp.dense_h_to_4h",
        down: "mlp.dense_4h_to_h"),
      jointRows: .grouped)
    fields.noteRotaryBase(&loader)
    return (
      configuration,
      try decoder.weights(
        configuration, isTied: try fields.isTied(loader), fields.file, &loader)
    )
  }

  /// All heads share one key in the first models, or each has its own; groups of them do in the new ones.
  private static func headSizes(_ fields: Fields, isNew: Bool) throws(CheckpointError) -> HeadSizes
  {
    let width = try fields.integer("hidden_size")
    let heads = try fields.headCount("num_attention_heads", dividing: width)
    let shares = try fields.flag("multi_query", default: true)
    return HeadSizes(
      count: heads,
      keyValueCount: isNew
        ? try fields.integer("num_kv_heads", in: 1...heads, default: heads) : shares ? 1 : heads,
      width: width / heads)
  }
}
