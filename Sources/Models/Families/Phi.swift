import Engine
import Files
import Foundation
import Tensors

/// Phi-1 to Phi-2: parallel blocks with one LayerNorm, rotary positions on part of each head, biases everywhere.
enum Phi: ModelFamily {
  static let name = "phi"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    try fields.refuse(try fields.flag("qk_layernorm", default: false), "qk_layernorm")
    let heads = try fields.headSizes()
    let configuration = try fields.decoder(
      try fields.layers(
        heads, rotaryFrequencies: try fields.rotaryFrequencies(dHead: heads.width, share: 0.5)),
      heads, try fields.mlp(default: "gelu_new", isGated: false),
      try fields.layerNorm("layer_norm_eps"), isParallel: true)
    var names = Decoder.Names()
    names.finalNorm = "model.final_layernorm"
    names.mlpNorm = names.attentionNorm
    names.output = "self_attn.dense"
    (names.up, names.down) = ("mlp.fc1", "mlp.fc2")
    fields.noteRotaryBase(&loader)
    let decoder = Decoder(
      biases: Decoder.Biases(inputs: true, output: true, mlp: true, unembedding: true),
      names: names)
    return (
      configuration,
      try decoder.weights(
        configuration, isTied: try fields.isTied(loader), fields.file, &loader)
    )
  }
}

/// Phi-3 and Phi-4: Llama with a window, joint matrices, and angles for long prompts.
enum Phi3: ModelFamily {
  static let name = "phi3"

  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights) {
    let heads = try fields.headSizes()
    let angles = try angles(fields, dHead: heads.width, &loader)
    var layers = try fields.layers(heads, rotaryFrequencies: angles.frequencies)
    for layer in layers.indices { layers[layer].rotaryAmplitude = angles.amplitude }
    try fields.addWindows(try fields.slidingWindow(), to: &layers) { _ in true }
    var configuration = try fields.decoder(
      layers, heads, try fields.mlp(default: "silu"),
      NormVariant(
        .rootMeanSquare, epsilon: Float(try fields.number("rms_norm_eps", default: 1e-5))))
    configuration.contextLength = min(configuration.contextLength, angles.contextLength)
    var names = Decoder.Names()
    names.inputs = "self_attn.qkv_proj"
    names.gateAndUp = "mlp.gate_up_proj"
    fields.noteRotaryBase(&loader)
    return (
      configuration,
      try Decoder(names: names).weights(
        configuration, isTied: try fields.isTied(loader), fields.file, &loader)
    )
  }

  /// Angles, what turned elements are multiplied by, and for how long prompts this holds.
  private struct Angles {
    let frequencies: [Double]
    var amplitude = 1.0
    var contextLength = Int.max
  }

  /// With `longrope`, each angle is divided by a factor of its own: other ones for prompts longer than the model was first
  /// trained on, which are not read here.
  private static func angles(
    _ fields: Fields, dHead: Int, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> Angles {
    let scaling = fields.object("rope_scaling") ?? fields.object("rope_parameters")
    let type = scaling.flatMap { $0.text("rope_type") ?? $0.text("type") }
    guard let scaling, type == "longrope" || type == "su" else {
      return Angles(frequencies: try fields.rotaryFrequencies(dHead: dHead))
    }
    var plain = fields.values
    plain["rope_scaling"] = .null
    if case .object(var parameters) = plain["rope_parameters"] {
      parameters["rope_type"] = .text("default")
      plain["rope_parameters"] = .object(parameters)
    }
    let frequencies = try Fields(file: fields.file, values: plain).rotaryFrequencies(dHead: dHead)
    let factors = try scaling.positiveNumbers("short_factor", count: frequencies.count)
    let longest = try fields.integer("max_position_embeddings", in: 1...(1 << 24))
    let first = try fields.integer(
      "original_max_position_embeddings", in: 2...(1 << 24),
      default: try scaling.integer(
        "original_max_position_embeddings", in: 2...(1 << 24), default: max(longest, 2)))
    if first < longest {
      loader.note("prompts may have \(first) tokens: the angles of longer ones are not supported")
    }
    let growth = Double(longest) / Double(first)
    return Angles(
      frequencies: zip(frequencies, factors).map { $0 / $1 },
      amplitude: growth <= 1 ? 1 : (1 + log(growth) / log(Double(first))).squareRoot(),
      contextLength: first)
  }
}
