import Engine
import Files
import Tensors

/// What Llama and its relatives have in common: the same structure under several names.
struct GatedModel {
  /// Which matrices have a bias.
  struct Biases {
    var inputs = false
    var output = false
    var mlp = false
  }

  /// What tensors are called; those of a layer follow `block` and the layer's number.
  struct Names {
    var embedding = "model.embed_tokens"
    var finalNorm = "model.norm"
    var unembedding = "lm_head"
    var block = "model.layers"
    var attentionNorm = "input_layernorm"
    var query = "self_attn.q_proj"
    var key = "self_attn.k_proj"
    var value = "self_attn.v_proj"
    var output = "self_attn.o_proj"
    var mlpNorm = "post_attention_layernorm"
    var gate = "mlp.gate_proj"
    var up = "mlp.up_proj"
    var down = "mlp.down_proj"
  }

  var biases = Biases()
  var names = Names()
  /// Whether rows of queries and keys lie as interleaved rotary pairs and must be put apart.
  var hasInterleavedRotary = false

  /// Loads a Hugging Face checkpoint.
  func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let width = try fields.integer("hidden_size")
    let heads = try fields.integer("num_attention_heads", in: 1...width)
    let dHead = try fields.integer("head_dim", default: max(width / heads, 1))
    let sizes = HeadSizes(
      count: heads,
      keyValueCount: try fields.integer("num_key_value_heads", in: 1...heads, default: heads),
      width: dHead)
    let configuration = TransformerConfiguration(
      layers: .alike(
        try fields.integer("num_hidden_layers", in: 1...4096),
        rotaryFrequencies: try fields.rotaryFrequencies(dHead: dHead), heads: sizes),
      heads: sizes,
      mlp: MLPVariant(
        width: try fields.integer("intermediate_size"),
        activation: try fields.activation("hidden_act", default: "silu"), isGated: true),
      norm: NormVariant(
        .rootMeanSquare, epsilon: Float(try fields.number("rms_norm_eps", default: 1e-6))),
      dModel: width, vocabularySize: try fields.integer("vocab_size", in: 1...(1 << 24)),
      contextLength: try fields.integer("max_position_embeddings", in: 1...(1 << 24)))
    let isTied = try fields.flag("tie_word_embeddings", default: false)
    fields.noteRotaryBase(&loader)
    return (configuration, try weights(configuration, isTied: isTied, fields.file, &loader))
  }

  /// Asks for every weight of a configuration.
  func weights(
    _ configuration: TransformerConfiguration, isTied: Bool, _ file: String,
    _ loader: inout WeightLoader
  ) throws(CheckpointError) -> TransformerWeights {
    guard configuration.headCount % configuration.keyValueHeadCount == 0 else {
      throw CheckpointError(
        file,
        .badField(
          "the number of key/value heads",
          expected: "a divisor of the \(configuration.headCount) heads",
          found: "\(configuration.keyValueHeadCount)"))
    }
    let shape = [configuration.vocabularySize, configuration.dModel]
    let embedding = try loader.matrix(names.embedding + ".weight", shape)
    var blocks: [BlockWeights] = []
    for layer in 0..<configuration.layerCount {
      blocks.append(try block("\(names.block).\(layer).", configuration, &loader))
    }
    let weights = TransformerWeights(
      tokenEmbedding: embedding, positionEmbedding: nil, blocks: blocks,
      finalNorm: try loader.norm(names.finalNorm, configuration),
      unembedding: try loader.unembedding(
        names.unembedding, of: (names.embedding + ".weight", embedding), isTied: isTied))
    // Tables of angles follow from the configuration.
    loader.ignore { $0.hasSuffix(".rotary_emb.inv_freq") }
    return weights
  }

  private func block(
    _ prefix: String, _ configuration: TransformerConfiguration, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> BlockWeights {
    let (width, inner) = (configuration.dModel, configuration.dMLP)
    let heads = configuration.headCount * configuration.dHead
    let shared = configuration.keyValueHeadCount * configuration.dHead
    return BlockWeights(
      attentionNorm: try loader.norm(prefix + names.attentionNorm, configuration),
      attention: AttentionWeights(
        query: halfSplit(
          try loader.linear(prefix + names.query, heads, width, hasBias: biases.inputs),
          configuration),
        key: halfSplit(
          try loader.linear(prefix + names.key, shared, width, hasBias: biases.inputs),
          configuration),
        value: try loader.linear(prefix + names.value, shared, width, hasBias: biases.inputs),
        output: try loader.linear(prefix + names.output, width, heads, hasBias: biases.output)),
      mlpNorm: try loader.norm(prefix + names.mlpNorm, configuration),
      mlp: MLPWeights(
        gate: try loader.linear(prefix + names.gate, inner, width, hasBias: biases.mlp),
        up: try loader.linear(prefix + names.up, inner, width, hasBias: biases.mlp),
        down: try loader.linear(prefix + names.down, width, inner, hasBias: biases.mlp)))
  }

  /// Moves the rows of each head from interleaved pairs to halves, where they need it.
  private func halfSplit(_ linear: Linear, _ configuration: TransformerConfiguration) -> Linear {
    guard hasInterleavedRotary else { return linear }
    let (rowCount, dHead) = (linear.weight.rowCount, configuration.dHead)
    let rows = stride(from: 0, to: rowCount, by: dHead).flatMap { head in
      (0..<dHead).map { Int32(head + $0 % (dHead / 2) * 2 + $0 / (dHead / 2)) }
    }
    return Linear(
      weight: linear.weight.movedRows(rows),
      bias: linear.bias?.reshaped([rowCount, 1]).gatherRows(rows).reshaped([rowCount]))
  }
}
