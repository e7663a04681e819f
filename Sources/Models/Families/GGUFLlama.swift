import Engine
import Files
import Foundation
import Tensors

/// Llama in a GGUF file: other names, rotary pairs interleaved, angles maybe divided by stored factors.
enum GGUFLlama: ModelFamily {
  static let name = "llama"

  private static let names = Decoder.Names(
    embedding: "token_embd", finalNorm: "output_norm", unembedding: "output", block: "blk",
    attentionNorm: "attn_norm", query: "attn_q", key: "attn_k", value: "attn_v",
    output: "attn_output", mlpNorm: "ffn_norm", gate: "ffn_gate", up: "ffn_up", down: "ffn_down")

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let width = try fields.integer("llama.embedding_length")
    let heads = try fields.integer("llama.attention.head_count", in: 1...width)
    let dHead = try fields.integer("llama.attention.key_length", default: max(width / heads, 1))
    let tokens = try fields.texts("tokenizer.ggml.tokens").count
    let sizes = HeadSizes(
      count: heads,
      keyValueCount: try fields.integer(
        "llama.attention.head_count_kv", in: 1...heads, default: heads), width: dHead)
    let configuration = TransformerConfiguration(
      layers: .alike(
        try fields.integer("llama.block_count", in: 1...4096),
        rotaryFrequencies: try frequencies(fields, &loader, dHead: dHead), heads: sizes),
      heads: sizes,
      mlp: MLPVariant(
        width: try fields.integer("llama.feed_forward_length"), activation: .silu, isGated: true),
      norm: NormVariant(
        .rootMeanSquare,
        epsilon: Float(try fields.number("llama.attention.layer_norm_rms_epsilon"))),
      dModel: width,
      vocabularySize: try fields.integer(
        "llama.vocab_size", in: 1...(1 << 24), default: max(tokens, 1)),
      contextLength: try fields.integer("llama.context_length", in: 1...(1 << 24)))
    let isTied = !loader.contains(names.unembedding + ".weight")
    let weights = try Decoder(names: names, neighbourRows: dHead)
      .weights(configuration, isTied: isTied, fields.file, &loader)
    return (configuration, weights)
  }

  private static func frequencies(
    _ fields: Fields, _ loader: inout WeightLoader, dHead: Int
  ) throws(CheckpointError) -> [Double] {
    let rotated = try fields.integer("llama.rope.dimension_count", default: dHead)
    try fields.refuse(rotated != dHead || dHead % 2 != 0, "a GGUF file that rotates part of a head")
    try fields.refuse(
      !["none", nil].contains(fields.text("llama.rope.scaling.type")), "llama.rope.scaling.type")
    let theta = try fields.number("llama.rope.freq_base", default: 10000)
    let frequencies = stride(from: 0, to: rotated, by: 2).map {
      pow(theta, -Double($0) / Double(rotated))
    }
    guard loader.contains("rope_freqs.weight") else { return frequencies }
    let factors = try loader.tensor("rope_freqs.weight", [frequencies.count]).values()
    if let factor = factors.first(where: { $0 <= 0 }) {
      throw CheckpointError(
        fields.file,
        .badField("rope_freqs.weight", expected: "positive numbers", found: "\(factor)"))
    }
    return zip(frequencies, factors).map { $0 / Double($1) }
  }
}
