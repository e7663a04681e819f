import Engine
import Files
import Tensors

/// GPT-2: learned positions, LayerNorm, matrices stored `[input, output]`, q, k and v in one.
enum GPT2: ModelFamily {
  static let name = "gpt2"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let configuration = try configuration(fields)
    // Older files leave the prefix out.
    let prefix = loader.contains("transformer.wte.weight") ? "transformer." : ""
    let (width, vocabulary) = (configuration.dModel, configuration.vocabularySize)
    var blocks: [BlockWeights] = []
    for layer in 0..<configuration.layerCount {
      blocks.append(try block("\(prefix)h.\(layer)", configuration, &loader))
    }
    let embedding = try loader.matrix("\(prefix)wte.weight", [vocabulary, width])
    let isTied = try fields.flag("tie_word_embeddings", default: true)
    let weights = TransformerWeights(
      tokenEmbedding: embedding,
      positionEmbedding: try loader.matrix(
        "\(prefix)wpe.weight", [configuration.contextLength, width]),
      blocks: blocks, finalNorm: try loader.norm("\(prefix)ln_f", configuration, .all),
      unembedding: isTied
        ? Linear(weight: embedding) : try loader.linear("lm_head", vocabulary, width))
    // Causal masks, and the copy of tied embeddings, carry nothing new.
    loader.ignore {
      $0.hasSuffix(".attn.bias") || $0.hasSuffix(".attn.masked_bias")
        || isTied && $0 == "lm_head.weight"
    }
    return (configuration, weights)
  }

  private static func configuration(
    _ fields: Fields
  ) throws(CheckpointError) -> TransformerConfiguration {
    let width = try fields.integer("n_embd")
    let heads = try fields.headCount("n_head", dividing: width)
    let sizes = HeadSizes(count: heads, width: width / heads)
    var layers = [LayerVariant].alike(
      try fields.integer("n_layer", in: 1...4096), heads: sizes)
    let isScaled = try fields.flag("scale_attn_weights", default: true)
    let isScaledByLayer = try fields.flag("scale_attn_by_inverse_layer_idx", default: false)
    for layer in layers.indices {
      if !isScaled { layers[layer].attentionScale = 1 }
      if isScaledByLayer { layers[layer].attentionScale /= Float(layer + 1) }
    }
    return TransformerConfiguration(
      layers: layers, heads: sizes,
      mlp: MLPVariant(
        width: try fields.innerWidth("n_inner", of: width),
        activation: try fields.activation("activation_function", default: "gelu_new")),
      norm: NormVariant(
        .layer, epsilon: Float(try fields.number("layer_norm_epsilon", default: 1e-5))),
      dModel: width, vocabularySize: try fields.integer("vocab_size", in: 1...(1 << 24)),
      contextLength: try fields.integer("n_positions", in: 1...(1 << 24)))
  }

  private static func block(
    _ name: String, _ configuration: TransformerConfiguration, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> BlockWeights {
    let width = configuration.dModel
    let joint = try transposed("\(name).attn.c_attn", width, 3 * width, &loader)
    let parts = (0..<3).map { part in
      Linear(
        weight: joint.weight.slice((part * width)..<((part + 1) * width)),
        bias: joint.bias?.slice((part * width)..<((part + 1) * width)))
    }
    return BlockWeights(
      attentionNorm: try loader.norm("\(name).ln_1", configuration, .all),
      attention: AttentionWeights(
        query: parts[0], key: parts[1], value: parts[2],
        output: try transposed("\(name).attn.c_proj", width, width, &loader)),
      mlpNorm: try loader.norm("\(name).ln_2", configuration, .all),
      mlp: MLPWeights(
        gate: nil, up: try transposed("\(name).mlp.c_fc", width, configuration.dMLP, &loader),
        down: try transposed("\(name).mlp.c_proj", configuration.dMLP, width, &loader)))
  }

  /// A matrix that is stored `[input, output]`.
  private static func transposed(
    _ name: String, _ input: Int, _ output: Int, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> Linear {
    Linear(
      weight: try loader.tensor(name + ".weight", [input, output]).transposed(),
      bias: try loader.tensor(name + ".bias", [output]))
  }
}
