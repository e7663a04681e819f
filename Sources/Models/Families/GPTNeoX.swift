import Engine
import Files
import Tensors

/// GPT-NeoX and Pythia: rotary positions on part of each head, parallel blocks, q, k, v per head in one.
enum GPTNeoX: ModelFamily {
  static let name = "gpt_neox"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let configuration = try configuration(fields)
    let hasBias = try fields.flag("attention_bias", default: true)
    let (width, vocabulary) = (configuration.dModel, configuration.vocabularySize)
    var blocks: [BlockWeights] = []
    for layer in 0..<configuration.layerCount {
      blocks.append(
        try block("gpt_neox.layers.\(layer)", configuration, hasBias: hasBias, &loader))
    }
    let embedding = try loader.matrix("gpt_neox.embed_in.weight", [vocabulary, width])
    let isTied = try fields.flag("tie_word_embeddings", default: false)
    let weights = TransformerWeights(
      tokenEmbedding: embedding, positionEmbedding: nil, blocks: blocks,
      finalNorm: try loader.norm("gpt_neox.final_layer_norm", configuration, .all),
      unembedding: try loader.unembedding(
        "embed_out", of: ("gpt_neox.embed_in.weight", embedding), isTied: isTied))
    fields.noteRotaryBase(&loader)
    // Causal masks and tables of angles follow from the configuration.
    loader.ignore {
      $0.hasSuffix(".attention.bias") || $0.hasSuffix(".attention.masked_bias")
        || $0.hasSuffix(".rotary_emb.inv_freq")
    }
    return (configuration, weights)
  }

  private static func configuration(
    _ fields: Fields
  ) throws(CheckpointError) -> TransformerConfiguration {
    let width = try fields.integer("hidden_size")
    let heads = try fields.headCount("num_attention_heads", dividing: width)
    let sizes = HeadSizes(count: heads, width: width / heads)
    return TransformerConfiguration(
      layers: .alike(
        try fields.integer("num_hidden_layers", in: 1...4096),
        rotaryFrequencies: try fields.rotaryFrequencies(
          dHead: sizes.width, share: try fields.number("rotary_pct", default: 0.25)),
        heads: sizes),
      heads: sizes,
      mlp: MLPVariant(
        width: try fields.integer("intermediate_size"),
        activation: try fields.activation("hidden_act", default: "gelu")),
      norm: NormVariant(
        .layer, epsilon: Float(try fields.number("layer_norm_eps", default: 1e-5))),
      dModel: width, vocabularySize: try fields.integer("vocab_size", in: 1...(1 << 24)),
      contextLength: try fields.integer("max_position_embeddings", in: 1...(1 << 24)),
      isParallel: try fields.flag("use_parallel_residual", default: true))
  }

  private static func block(
    _ name: String, _ configuration: TransformerConfiguration, hasBias: Bool,
    _ loader: inout WeightLoader
  ) throws(CheckpointError) -> BlockWeights {
    let (width, dHead) = (configuration.dModel, configuration.dHead)
    let joint = try loader.linear(
      "\(name).attention.query_key_value", 3 * width, width, hasBias: hasBias)
    // Rows lie as [head, (q, k, v), dHead].
    let parts = (0..<3).map { part in
      let rows = (0..<configuration.headCount).flatMap { head in
        (0..<dHead).map { Int32((head * 3 + part) * dHead + $0) }
      }
      return Linear(
        weight: joint.weight.movedRows(rows),
        bias: joint.bias?.reshaped([3 * width, 1]).gatherRows(rows).reshaped([width]))
    }
    return BlockWeights(
      attentionNorm: try loader.norm("\(name).input_layernorm", configuration, .all),
      attention: AttentionWeights(
        query: parts[0], key: parts[1], value: parts[2],
        output: try loader.linear("\(name).attention.dense", width, width, hasBias: hasBias)),
      mlpNorm: try loader.norm("\(name).post_attention_layernorm", configuration, .all),
      mlp: MLPWeights(
        gate: nil,
        up: try loader.linear(
          "\(name).mlp.dense_h_to_4h", configuration.dMLP, width, hasBias: true),
        down: try loader.linear(
          "\(name).mlp.dense_4h_to_h", width, configuration.dMLP, hasBias: true)))
  }
}
