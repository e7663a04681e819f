import Engine
import Files
import Tensors

/// How a family lays the tensors of a transformer out: what they are called and how they are stored.
///
/// What a configuration implies decides which of them there are; this decides where they are found.
struct Decoder {
  /// Which matrices have a bias.
  struct Biases {
    var inputs = false
    var output = false
    var mlp = false
    var unembedding = false
  }

  /// What tensors are called: those of a layer after `block` and the layer's number, nil for what a family lacks.
  struct Names {
    var embedding = "model.embed_tokens"
    var positions: String?
    var finalNorm = "model.norm"
    var unembedding = "lm_head"
    var block = "model.layers"
    var attentionNorm: String? = "input_layernorm"
    var query = "self_attn.q_proj"
    var key = "self_attn.k_proj"
    var value = "self_attn.v_proj"
    /// Queries, keys and values in one matrix.
    var inputs: String?
    var queryNorm: String?
    var keyNorm: String?
    var output = "self_attn.o_proj"
    var attentionOutputNorm: String?
    var mlpNorm: String? = "post_attention_layernorm"
    var gate = "mlp.gate_proj"
    var up = "mlp.up_proj"
    /// Gate and up in one matrix.
    var gateAndUp: String?
    var down = "mlp.down_proj"
    var mlpOutputNorm: String?
  }

  /// How the rows of a joint matrix of queries, keys and values lie.
  enum JointRows {
    /// All queries, all keys, all values.
    case stacked
    /// For each key the queries that share it, the key and its value.
    case grouped
  }

  /// What is stored of a norm.
  enum NormParameters {
    /// Its scales, and biases if it centres.
    case all
    /// Scales without biases.
    case scales
    /// By how much scales exceed 1.
    case excesses
    /// Nothing.
    case none
  }

  /// How the norms of queries, or of keys, are stored.
  enum HeadNorms {
    /// One for all heads, or for all rows of a layer.
    case shared
    /// Scales for each head in a tensor of its own.
    case listed
    /// Scales for each head in a row of one tensor.
    case stacked
  }

  var biases = Biases()
  var names = Names()
  var norms = NormParameters.all
  var jointRows = JointRows.stacked
  var headNorms = HeadNorms.shared
  /// How many first rows of each head's queries and keys lie as neighbours that turn together, and must be put apart.
  var neighbourRows = 0

  /// Asks for every weight of a configuration.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and variants.
  ///   - isTied: Whether the unembedding is the embedding.
  ///   - file: Where the configuration is from.
  ///   - loader: The checkpoint.
  /// - Returns: The weights.
  /// - Throws: `CheckpointError` for a missing tensor or a bad shape.
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
      var block = DecoderBlock(
        decoder: self, prefix: "\(names.block).\(layer).", configuration: configuration,
        variant: configuration.layers[layer], loader: loader)
      blocks.append(try block.weights())
      loader = block.loader
    }
    var positions: Tensor?
    if let name = names.positions {
      positions = try loader.matrix(
        name + ".weight", [configuration.contextLength, configuration.dModel])
    }
    var unembedding = try loader.unembedding(
      names.unembedding, of: (names.embedding + ".weight", embedding), isTied: isTied)
    if biases.unembedding {
      unembedding.bias = try loader.tensor(
        names.unembedding + ".bias", [configuration.vocabularySize])
    }
    let weights = TransformerWeights(
      tokenEmbedding: embedding, positionEmbedding: positions, blocks: blocks,
      finalNorm: try loader.norm(names.finalNorm, configuration, norms), unembedding: unembedding)
    // Tables of angles and causal masks follow from the configuration.
    loader.ignore { name in
      [".rotary_emb.inv_freq", ".masked_bias", ".attn.bias", ".attention.bias"].contains {
        name.hasSuffix($0)
      }
    }
    return weights
  }
}

extension WeightLoader {
  /// A norm over the residual stream; none without a name.
  mutating func norm(
    _ name: String?, _ configuration: TransformerConfiguration, _ stored: Decoder.NormParameters
  ) throws(CheckpointError) -> Normalization {
    guard let name else { return .identity }
    return try norm(name, width: configuration.dModel, configuration.norm, stored)
  }

  /// A norm over rows of a width.
  mutating func norm(
    _ name: String, width: Int, _ variant: NormVariant, _ stored: Decoder.NormParameters
  ) throws(CheckpointError) -> Normalization {
    let ones = Tensor([Float](repeating: 1, count: width), shape: [width])
    var scale = ones
    if stored != .none { scale = try tensor(name + ".weight", [width]) }
    if stored == .excesses { scale.add(ones) }
    return Normalization(
      scale: scale,
      bias: variant.kind == .layer && stored == .all
        ? try tensor(name + ".bias", [width]) : nil,
      epsilon: variant.epsilon, kind: variant.kind)
  }
}
