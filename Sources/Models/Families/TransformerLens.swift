import Engine
import Files
import Tensors

/// Checkpoints in TransformerLens' names: its configuration's fields as JSON, and its state as safetensors.
///
/// Also what compilers of known programs write (tracr): no norm, ReLU, attention both ways, outputs that are
/// no tokens. Models may have no MLPs. Matrices are stored `[head, input, output]` or `[input, output]`.
enum TransformerLens: ModelFamily {
  static let name = "transformer_lens"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try refuseOtherVariants(fields)
    let configuration = try configuration(fields)
    let (width, vocabulary) = (configuration.dModel, configuration.vocabularySize)
    // With the "Pre" norms, scales and biases were folded into the matrices that follow.
    let isFolded = fields.text("normalization_type")?.hasSuffix("Pre") ?? false
    let hasMLPs = configuration.hasMLPs
    let hasOutputNorms = try fields.flag("use_normalization_before_and_after", default: false)
    try fields.refuse(
      hasOutputNorms && (configuration.norm.kind != .rootMeanSquare || !hasMLPs),
      "use_normalization_before_and_after of other norms than RMS, or without MLPs")
    let neighbours =
      try fields.flag("rotary_adjacent_pairs", default: false)
      ? 2 * (configuration.layers[0].rotaryFrequencies?.count ?? 0) : 0
    var blocks: [BlockWeights] = []
    for layer in 0..<configuration.layerCount {
      blocks.append(
        BlockWeights(
          attentionNorm: try norm("blocks.\(layer).ln1", isFolded, configuration, &loader),
          attention: try attention(
            "blocks.\(layer).attn", configuration, neighbours: neighbours,
            hasNorm: hasOutputNorms, &loader),
          attentionOutputNorm: hasOutputNorms
            ? try norm("blocks.\(layer).ln1_post", false, configuration, &loader) : nil,
          mlpNorm: hasMLPs
            ? try norm("blocks.\(layer).ln2", isFolded, configuration, &loader) : .identity,
          mlp: hasMLPs
            ? try mlp("blocks.\(layer).mlp", configuration, &loader) : .nothing(configuration),
          mlpOutputNorm: hasOutputNorms
            ? try norm("blocks.\(layer).ln2_post", false, configuration, &loader) : nil))
    }
    let weights = TransformerWeights(
      tokenEmbedding: try loader.matrix("embed.W_E", [vocabulary, width]),
      positionEmbedding: configuration.hasLearnedPositions
        ? try loader.matrix("pos_embed.W_pos", [configuration.contextLength, width]) : nil,
      blocks: blocks,
      finalNorm: try norm("ln_final", isFolded, configuration, &loader),
      unembedding: try matrix("unembed", "U", width, configuration.outputCount, &loader))
    // Causal masks and tables of angles follow from the configuration.
    loader.ignore { name in
      [".attn.mask", ".attn.IGNORE", ".attn.rotary_sin", ".attn.rotary_cos"].contains {
        name.hasSuffix($0)
      }
    }
    return (configuration, weights)
  }

  private static func refuseOtherVariants(_ fields: Fields) throws(CheckpointError) {
    for flag in [
      "post_embedding_ln", "use_qk_norm", "use_NTK_by_parts_rope", "final_rms",
    ] {
      try fields.refuse(try fields.flag(flag, default: false), flag)
    }
    try fields.refuse(fields.contains("num_experts"), "mixtures of experts")
  }

  private static func configuration(
    _ fields: Fields
  ) throws(CheckpointError) -> TransformerConfiguration {
    let heads = try fields.integer("n_heads", in: 1...4096)
    let shared = try fields.integer("n_key_value_heads", in: 1...heads, default: heads)
    guard heads % shared == 0 else {
      throw CheckpointError(
        fields.file,
        .badField("n_key_value_heads", expected: "a divisor of \(heads) heads", found: "\(shared)"))
    }
    let vocabulary = try fields.integer("d_vocab", in: 1...(1 << 24))
    let sizes = HeadSizes(
      count: heads, keyValueCount: shared, width: try fields.integer("d_head"))
    let hasMLPs = !(try fields.flag("attn_only", default: false))
    var configuration = TransformerConfiguration(
      layers: try layers(fields, width: sizes.width), heads: sizes,
      mlp: MLPVariant(
        width: hasMLPs ? try fields.integer("d_mlp") : 1,
        activation: try fields.activation("act_fn", default: "relu"),
        isGated: try fields.flag("gated_mlp", default: false)),
      norm: NormVariant(
        try norm(fields), epsilon: Float(try fields.number("eps", default: 1e-5))),
      dModel: try fields.integer("d_model"), vocabularySize: vocabulary,
      contextLength: try fields.integer("n_ctx", in: 1...(1 << 24)),
      outputCount: try fields.integer("d_vocab_out", in: 1...(1 << 24), default: vocabulary),
      isParallel: try fields.flag("parallel_attn_mlp", default: false))
    configuration.hasMLPs = hasMLPs
    configuration.logitCap = try cap("output_logits_soft_cap", fields)
    return configuration
  }

  private static func layers(
    _ fields: Fields, width: Int
  ) throws(CheckpointError) -> [LayerVariant] {
    let count = try fields.integer("n_layers", in: 1...4096)
    let layer = LayerVariant(
      rotaryFrequencies: try frequencies(fields),
      attentionScale: try attentionScale(fields, width: width),
      isCausal: try fields.choice(
        "attention_dir", of: ["causal": true, "bidirectional": false], default: true),
      scoreCap: try cap("attn_scores_soft_cap", fields))
    var layers = [LayerVariant](repeating: layer, count: count)
    if try fields.flag("scale_attn_by_inverse_layer_idx", default: false) {
      for index in layers.indices { layers[index].attentionScale /= Float(index + 1) }
    }
    guard try fields.flag("use_local_attn", default: false) else { return layers }
    let kinds = try fields.texts("attn_types")
    guard kinds.count == count, kinds.allSatisfy({ ["global", "local"].contains($0) }),
      layer.isCausal
    else {
      throw CheckpointError(
        fields.file,
        .badField(
          "attn_types", expected: "global or local for each of \(count) causal layers",
          found: "\(kinds)"))
    }
    let window = try fields.integer("window_size", in: 1...(1 << 24))
    for index in layers.indices where kinds[index] == "local" { layers[index].window = window }
    return layers
  }

  /// A bound of scores or logits; TransformerLens writes −1 where there is none.
  private static func cap(_ name: String, _ fields: Fields) throws(CheckpointError) -> Float? {
    let isNone = [.number(-1), .integer(-1)].contains(fields.values[name])
    return fields.contains(name) && !isNone ? Float(try fields.number(name)) : nil
  }

  /// What scores are multiplied by: the inverse root of a head's width, if nothing else is said.
  private static func attentionScale(
    _ fields: Fields, width: Int
  ) throws(CheckpointError) -> Float {
    guard try fields.flag("use_attn_scale", default: true) else { return 1 }
    // TransformerLens writes −1 before it knows the width.
    let isOpen = [.number(-1), .integer(-1)].contains(fields.values["attn_scale"])
    guard fields.contains("attn_scale"), !isOpen else { return 1 / Float(width).squareRoot() }
    return Float(1 / (try fields.number("attn_scale")))
  }

  private static func norm(_ fields: Fields) throws(CheckpointError) -> NormKind {
    try fields.choice(
      "normalization_type",
      of: ["LN": .layer, "LNPre": .layer, "RMS": .rootMeanSquare, "RMSPre": .rootMeanSquare],
      default: NormKind.none)
  }

  private static func frequencies(_ fields: Fields) throws(CheckpointError) -> [Double]? {
    let isRotary = try fields.choice(
      "positional_embedding_type", of: ["standard": false, "rotary": true], default: false)
    guard isRotary else { return nil }
    let dHead = try fields.integer("d_head")
    let rotated = try fields.integer("rotary_dim", in: 1...dHead, default: dHead)
    var values = fields.values
    values["rope_theta"] = fields.values["rotary_base"]
    return try Fields(file: fields.file, values: values).rotaryFrequencies(
      dHead: dHead, share: Double(rotated) / Double(dHead))
  }

  private static func norm(
    _ name: String, _ isFolded: Bool, _ configuration: TransformerConfiguration,
    _ loader: inout WeightLoader
  ) throws(CheckpointError) -> Normalization {
    guard configuration.norm.kind != .none else { return .identity }
    let width = [configuration.dModel]
    let isCentred = configuration.norm.kind == .layer
    return Normalization(
      scale: isFolded
        ? Tensor([Float](repeating: 1, count: width[0]), shape: width)
        : try loader.tensor(name + ".w", width),
      bias: !isCentred
        ? nil : isFolded ? Tensor(zeros: width) : try loader.tensor(name + ".b", width),
      epsilon: configuration.norm.epsilon, kind: configuration.norm.kind)
  }

  private static func attention(
    _ name: String, _ configuration: TransformerConfiguration, neighbours: Int, hasNorm: Bool,
    _ loader: inout WeightLoader
  ) throws(CheckpointError) -> AttentionWeights {
    let (width, dHead) = (configuration.dModel, configuration.dHead)
    let (heads, shared) = (configuration.headCount, configuration.keyValueHeadCount)
    // Keys and values that heads share are told apart by an underscore.
    let prefix = loader.contains("\(name)._W_K") ? "_" : ""
    let bias = try loader.tensor("\(name).b_O", [width])
    guard !hasNorm || bias.values().allSatisfy({ $0 == 0 }) else {
      throw CheckpointError(loader.path, .unsupported("\(name).b_O under a norm of the output"))
    }
    let halved = { (linear: Linear) in
      neighbours == 0 ? linear : linear.halfSplit(turned: neighbours, dHead: dHead)
    }
    return AttentionWeights(
      query: halved(try perHead("\(name).", "Q", heads, configuration, &loader)),
      key: halved(try perHead("\(name).\(prefix)", "K", shared, configuration, &loader)),
      value: try perHead("\(name).\(prefix)", "V", shared, configuration, &loader),
      output: Linear(
        weight: try loader.tensor("\(name).W_O", [heads, dHead, width])
          .reshaped([heads * dHead, width]).transposed(),
        bias: hasNorm ? nil : bias))
  }

  /// Matrices `[head, dModel, dHead]` and biases `[head, dHead]` as one matrix `[head · dHead, dModel]`.
  private static func perHead(
    _ prefix: String, _ letter: String, _ heads: Int, _ configuration: TransformerConfiguration,
    _ loader: inout WeightLoader
  ) throws(CheckpointError) -> Linear {
    let (width, dHead) = (configuration.dModel, configuration.dHead)
    let stored = try loader.tensor("\(prefix)W_\(letter)", [heads, width, dHead])
    let bias = try loader.tensor("\(prefix)b_\(letter)", [heads, dHead])
    let rows = (0..<heads).map { stored.slice(block: $0).transposed() }
    return Linear(
      weight: Tensor(stacking: rows).reshaped([heads * dHead, width]),
      bias: bias.reshaped([heads * dHead]))
  }

  private static func mlp(
    _ name: String, _ configuration: TransformerConfiguration, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> MLPWeights {
    let (width, inner) = (configuration.dModel, configuration.dMLP)
    return MLPWeights(
      gate: configuration.mlp.isGated
        ? Linear(weight: try loader.tensor("\(name).W_gate", [width, inner]).transposed()) : nil,
      up: try matrix(name, "in", width, inner, &loader),
      down: try matrix(name, "out", inner, width, &loader))
  }

  /// A matrix `[input, output]` and its bias.
  private static func matrix(
    _ name: String, _ suffix: String, _ input: Int, _ output: Int, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> Linear {
    Linear(
      weight: try loader.tensor("\(name).W_\(suffix)", [input, output]).transposed(),
      bias: try loader.tensor("\(name).b_\(suffix)", [output]))
  }
}

extension MLPWeights {
  /// An MLP of one hidden value that writes nothing.
  fileprivate static func nothing(_ configuration: TransformerConfiguration) -> MLPWeights {
    let (width, inner) = (configuration.dModel, configuration.dMLP)
    return MLPWeights(
      gate: configuration.mlp.isGated ? Linear(weight: Tensor(zeros: [inner, width])) : nil,
      up: Linear(weight: Tensor(zeros: [inner, width])),
      down: Linear(weight: Tensor(zeros: [width, inner])))
  }
}
