import Engine
import Files
import Foundation
import Tensors

/// What a GGUF file states of a transformer, in fields that begin with its architecture.
struct GGUFDecoder {
  let fields: Fields
  private let architecture: String
  /// Whether rows of queries and keys lie as neighbours that turn together.
  var hasNeighbours = false
  var norm = NormKind.rootMeanSquare
  var mlp = (activation: Activation.silu, isGated: true)
  var isParallel = false
  var headNorms = Decoder.HeadNorms.shared
  /// What divides angles, where the file has it.
  var factors = "rope_freqs.weight"
  var names = Decoder.Names(
    embedding: "token_embd", finalNorm: "output_norm", unembedding: "output", block: "blk",
    attentionNorm: "attn_norm", query: "attn_q", key: "attn_k", value: "attn_v",
    output: "attn_output", mlpNorm: "ffn_norm", gate: "ffn_gate", up: "ffn_up", down: "ffn_down")

  init(_ fields: Fields) {
    self.fields = fields
    architecture = fields.text("general.architecture") ?? ""
  }

  /// A field of the architecture.
  func key(_ name: String) -> String { "\(architecture).\(name)" }

  /// LayerNorm, and an MLP without a gate.
  mutating func centre() {
    norm = .layer
    mlp = (.geluTanh, false)
  }

  /// Norms of queries and of keys.
  mutating func addHeadNorms() { (names.queryNorm, names.keyNorm) = ("attn_q_norm", "attn_k_norm") }

  /// Norms after attention and MLP.
  mutating func addOutputNorms() {
    (names.attentionOutputNorm, names.mlpOutputNorm) = ("post_attention_norm", "post_ffw_norm")
  }

  /// Loads the model.
  ///
  /// - Parameters:
  ///   - loader: The file's tensors.
  ///   - change: What is special about the architecture.
  /// - Returns: Configuration and weights.
  /// - Throws: `CheckpointError` for a bad field or tensor.
  func load(
    _ loader: inout WeightLoader,
    change: (inout TransformerConfiguration) throws(CheckpointError) -> Void = { _ in }
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    var configuration = try configuration(&loader)
    try change(&configuration)
    let hasBias = { [loader] (name: String) in loader.contains(name + ".bias") }
    let inputs = names.inputs ?? names.query
    let decoder = Decoder(
      biases: Decoder.Biases(
        inputs: hasBias("blk.0.\(inputs)"), output: hasBias("blk.0.\(names.output)"),
        mlp: hasBias("blk.0.\(names.down)"), unembedding: hasBias(names.unembedding)),
      names: names, headNorms: headNorms, neighbourRows: hasNeighbours ? configuration.dHead : 0)
    let isTied = !loader.contains(names.unembedding + ".weight")
    let weights = try decoder.weights(configuration, isTied: isTied, fields.file, &loader)
    return (configuration, weights)
  }

  private func configuration(
    _ loader: inout WeightLoader
  ) throws(CheckpointError) -> TransformerConfiguration {
    let width = try fields.integer(key("embedding_length"))
    let heads = try fields.integer(key("attention.head_count"), in: 1...width)
    let dHead = try fields.integer(
      key("attention.key_length"), default: max(width / heads, 1))
    let tokens = try fields.texts("tokenizer.ggml.tokens").count
    let sizes = HeadSizes(
      count: heads,
      keyValueCount: try fields.integer(
        key("attention.head_count_kv"), in: 1...heads, default: heads), width: dHead)
    let epsilon = norm == .layer ? "layer_norm_epsilon" : "layer_norm_rms_epsilon"
    return TransformerConfiguration(
      layers: .alike(
        try fields.integer(key("block_count"), in: 1...4096),
        rotaryFrequencies: names.positions == nil
          ? try frequencies(dHead: dHead, &loader) : nil, heads: sizes),
      heads: sizes,
      mlp: MLPVariant(
        width: try fields.integer(key("feed_forward_length")), activation: mlp.activation,
        isGated: mlp.isGated),
      norm: NormVariant(norm, epsilon: Float(try fields.number(key("attention." + epsilon)))),
      dModel: width,
      vocabularySize: try fields.integer(
        key("vocab_size"), in: 1...(1 << 24), default: max(tokens, 1)),
      contextLength: try fields.integer(key("context_length"), in: 1...(1 << 24)),
      isParallel: isParallel)
  }

  // Angles --------------------------------------------------------------------------------------

  /// The angles of a base, slowed by nothing.
  func frequencies(base: Double, dHead: Int) throws(CheckpointError) -> [Double] {
    let rotated = try fields.integer(key("rope.dimension_count"), in: 1...dHead, default: dHead)
    try fields.refuse(
      rotated % 2 != 0 || hasNeighbours && rotated != dHead,
      "a GGUF file that rotates part of a head")
    return stride(from: 0, to: rotated, by: 2).map {
      pow(base, -Double($0) / Double(rotated))
    }
  }

  private func frequencies(
    dHead: Int, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> [Double] {
    let base = try fields.number(key("rope.freq_base"), default: 10000)
    var frequencies = try frequencies(base: base, dHead: dHead)
    let scaling = fields.text(key("rope.scaling.type"))
    if scaling == "linear" {
      let factor = try fields.number(key("rope.scaling.factor"))
      frequencies = frequencies.map { $0 / factor }
    } else {
      try fields.refuse(!["none", nil].contains(scaling), key("rope.scaling.type"))
    }
    guard loader.contains(factors) else { return frequencies }
    let divisors = try loader.tensor(factors, [frequencies.count]).values()
    if let divisor = divisors.first(where: { $0 <= 0 }) {
      throw CheckpointError(
        fields.file, .badField(factors, expected: "positive numbers", found: "\(divisor)"))
    }
    return zip(frequencies, divisors).map { $0 / Double($1) }
  }
}
