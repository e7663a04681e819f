import Engine
import Files
import Foundation
import Tensors

/// GPT-J: parallel blocks with one LayerNorm, neighbours turned in the first part of each head.
enum GPTJ: ModelFamily {
  static let name = "gptj"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let width = try fields.integer("n_embd")
    let heads = try fields.headCount("n_head", dividing: width)
    let sizes = HeadSizes(count: heads, width: width / heads)
    let turned = try fields.integer("rotary_dim", in: 1...sizes.width, default: 64)
    try fields.refuse(turned % 2 != 0, "an odd rotary_dim")
    let frequencies = stride(from: 0, to: turned, by: 2).map {
      pow(10000, -Double($0) / Double(turned))
    }
    let configuration = TransformerConfiguration(
      layers: .alike(
        try fields.integer("n_layer", in: 1...4096), rotaryFrequencies: frequencies, heads: sizes),
      heads: sizes,
      mlp: MLPVariant(
        width: try fields.innerWidth("n_inner", of: width),
        activation: try fields.activation("activation_function", default: "gelu_new")),
      norm: try fields.layerNorm("layer_norm_epsilon"), dModel: width,
      vocabularySize: try fields.integer("vocab_size", in: 1...(1 << 24)),
      contextLength: try fields.integer("n_positions", in: 1...(1 << 24)), isParallel: true)
    let decoder = Decoder(
      biases: Decoder.Biases(mlp: true, unembedding: true),
      names: Decoder.Names(
        embedding: "transformer.wte", finalNorm: "transformer.ln_f", block: "transformer.h",
        attentionNorm: "ln_1", query: "attn.q_proj", key: "attn.k_proj", value: "attn.v_proj",
        output: "attn.out_proj", mlpNorm: "ln_1", up: "mlp.fc_in", down: "mlp.fc_out"),
      neighbourRows: turned)
    return (
      configuration,
      try decoder.weights(
        configuration, isTied: try fields.isTied(loader), fields.file, &loader)
    )
  }
}

/// GPT-Neo: GPT-2 with separate queries, keys and values, scores that are not scaled, and windows in some layers.
enum GPTNeo: ModelFamily {
  static let name = "gpt_neo"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let width = try fields.integer("hidden_size")
    let heads = try fields.headCount("num_heads", dividing: width)
    let sizes = HeadSizes(count: heads, width: width / heads)
    let window = try fields.integer("window_size", in: 1...(1 << 24), default: 256)
    let layers = try kinds(fields, try fields.integer("num_layers", in: 1...4096)).map { kind in
      LayerVariant(
        rotaryFrequencies: nil, attentionScale: 1, window: kind == "local" ? window : nil)
    }
    let configuration = TransformerConfiguration(
      layers: layers, heads: sizes,
      mlp: MLPVariant(
        width: try fields.innerWidth("intermediate_size", of: width),
        activation: try fields.activation("activation_function", default: "gelu_new")),
      norm: try fields.layerNorm("layer_norm_epsilon"), dModel: width,
      vocabularySize: try fields.integer("vocab_size", in: 1...(1 << 24)),
      contextLength: try fields.integer("max_position_embeddings", in: 1...(1 << 24)))
    let decoder = Decoder(
      biases: Decoder.Biases(output: true, mlp: true),
      names: Decoder.Names(
        embedding: "transformer.wte", positions: "transformer.wpe", finalNorm: "transformer.ln_f",
        block: "transformer.h", attentionNorm: "ln_1", query: "attn.attention.q_proj",
        key: "attn.attention.k_proj", value: "attn.attention.v_proj",
        output: "attn.attention.out_proj", mlpNorm: "ln_2", up: "mlp.c_fc", down: "mlp.c_proj"))
    return (
      configuration,
      try decoder.weights(
        configuration, isTied: try fields.isTied(loader), fields.file, &loader)
    )
  }

  /// `attention_types`, lists of kinds with how often each is repeated, as a kind for each layer.
  private static func kinds(_ fields: Fields, _ count: Int) throws(CheckpointError) -> [String] {
    var kinds: [String] = []
    if case .list(let parts) = fields.values["attention_types"] {
      for case .list(let part) in parts where part.count == 2 {
        guard case .list(let names) = part[0], case .integer(let repeats) = part[1],
          (0...count).contains(repeats)
        else { continue }
        let texts = names.compactMap { name in if case .text(let text) = name { text } else { nil }
        }
        kinds += [[String]](repeating: texts, count: repeats).flatMap(\.self)
      }
    }
    guard kinds.count == count, kinds.allSatisfy({ ["global", "local"].contains($0) }) else {
      throw CheckpointError(
        fields.file,
        .badField(
          "attention_types", expected: "global or local for each of \(count) layers",
          found: "\(fields.values["attention_types"] ?? .null)"))
    }
    return kinds
  }
}
