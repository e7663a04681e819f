package import Engine
import Tensors

extension GGUFFile {
  /// The names of a layer's tensors in files of an architecture.
  package struct Names {
    package var attentionNorm = "attn_norm"
    package var mlpNorm = "ffn_norm"
    /// Queries, keys and values in one matrix.
    package var isJoint = false
    /// Whether rows that turn together lie next to each other.
    package var hasNeighbours = false
    /// Whether each head has norms of its own, stacked in one tensor.
    package var hasNormsOfHeads = false

    package init() {}
  }

  /// A model's weights as F32 under the names that llama.cpp gives them.
  ///
  /// - Parameters:
  ///   - model: A model.
  ///   - architecture: The architecture's name.
  ///   - names: How its files differ from the usual.
  ///   - more: Fields of the architecture besides the sizes that all have.
  package init(
    _ model: Transformer, as architecture: String, _ names: Names = Names(),
    more: [(String, Value)] = []
  ) {
    self.init()
    let sizes = model.configuration
    let epsilon = sizes.norm.kind == .layer ? "layer_norm_epsilon" : "layer_norm_rms_epsilon"
    let own: [(String, Value)] =
      [
        ("block_count", .integer(UInt32(sizes.layerCount))),
        ("context_length", .integer(UInt32(sizes.contextLength))),
        ("embedding_length", .integer(UInt32(sizes.dModel))),
        ("feed_forward_length", .integer(UInt32(sizes.dMLP))),
        ("attention.head_count", .integer(UInt32(sizes.headCount))),
        ("attention.head_count_kv", .integer(UInt32(sizes.keyValueHeadCount))),
        ("attention.key_length", .integer(UInt32(sizes.dHead))),
        ("attention.\(epsilon)", .number(sizes.norm.epsilon)),
      ] + more
    fields =
      [
        ("general.architecture", .text(architecture)),
        ("tokenizer.ggml.tokens", .texts((0..<sizes.vocabularySize).map { "t\($0)" })),
      ] + own.map { (architecture + "." + $0, $1) }
    let weights = model.weights
    add("token_embd.weight", weights.tokenEmbedding)
    add("position_embd.weight", weights.positionEmbedding)
    add("output_norm", weights.finalNorm)
    if !weights.unembedding.weight.sharesStorage(with: weights.tokenEmbedding) {
      add("output", weights.unembedding)
    }
    for (layer, block) in weights.blocks.enumerated() {
      add("blk.\(layer).", block, sizes, names)
    }
  }

  private mutating func add(
    _ prefix: String, _ block: BlockWeights, _ sizes: TransformerConfiguration, _ names: Names
  ) {
    add(prefix + names.attentionNorm, block.attentionNorm)
    if names.mlpNorm != names.attentionNorm { add(prefix + names.mlpNorm, block.mlpNorm) }
    add(prefix + "post_attention_norm", block.attentionOutputNorm)
    add(prefix + "post_ffw_norm", block.mlpOutputNorm)
    let attention = block.attention
    if names.isJoint {
      let parts = [attention.query, attention.key, attention.value]
      add(prefix + "attn_qkv.weight", Tensor(joining: parts.map(\.weight.float32)))
      if attention.query.bias != nil {
        add(prefix + "attn_qkv.bias", Tensor(joining: parts.compactMap(\.bias)))
      }
    } else {
      let turned = { (linear: Linear) in
        names.hasNeighbours ? Self.neighbours(linear, dHead: sizes.dHead) : linear
      }
      add(prefix + "attn_q", turned(attention.query))
      add(prefix + "attn_k", turned(attention.key))
      add(prefix + "attn_v", attention.value)
    }
    let stacked = { (norm: Normalization?) in
      norm.map { norm in
        var stacked = norm
        if names.hasNormsOfHeads {
          stacked.scale = norm.scale.reshaped([norm.scale.count / sizes.dHead, sizes.dHead])
        }
        return stacked
      }
    }
    add(prefix + "attn_q_norm", stacked(attention.queryNorm))
    add(prefix + "attn_k_norm", stacked(attention.keyNorm))
    add(prefix + "attn_output", attention.output)
    if let gate = block.mlp.gate { add(prefix + "ffn_gate", gate) }
    add(prefix + "ffn_up", block.mlp.up)
    add(prefix + "ffn_down", block.mlp.down)
  }

  /// Rows of each head from halves to neighbours.
  private static func neighbours(_ linear: Linear, dHead: Int) -> Linear {
    let rows = (0..<linear.weight.rowCount).map { row in
      let (head, place) = row.quotientAndRemainder(dividingBy: dHead)
      return Int32(head * dHead + place / 2 + place % 2 * (dHead / 2))
    }
    return Linear(
      weight: linear.weight.float32.gatherRows(rows),
      bias: linear.bias.map { $0.reshaped([$0.count, 1]).gatherRows(rows).reshaped([$0.count]) })
  }

  private mutating func add(_ name: String, _ linear: Linear) {
    add(name + ".weight", linear.weight)
    add(name + ".bias", linear.bias)
  }

  private mutating func add(_ name: String, _ norm: Normalization?) {
    guard let norm, norm.kind != .none else { return }
    add(name + ".weight", norm.scale)
    add(name + ".bias", norm.bias)
  }

  private mutating func add(_ name: String, _ tensor: Tensor?) {
    guard let tensor else { return }
    tensors.append(Stored(name, shape: tensor.shape, bytes: tensor.littleEndianBytes))
  }
}
