import DeviceCases
import Edgewise
import Foundation

/// A Llama's checkpoint of 124 million random weights, for as long as some work takes; only its size and shape matter.
enum RandomCheckpoint {
  private static let (layers, width, inner, vocabulary) = (12, 768, 2048, 50257)

  /// Writes it into a temporary directory, and removes that after the work.
  static func with(_ format: ElementFormat, _ body: (URL) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "edgewise-benchmarks-\(getpid())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    try Data(configuration.utf8).write(to: directory.appending(path: "config.json"))
    try write(format, to: directory.appending(path: "model.safetensors"))
    try body(directory)
  }

  private static var configuration: String {
    """
    {"model_type": "llama", "num_hidden_layers": \(layers), "hidden_size": \(width), "intermediate_size": \(inner),
     "num_attention_heads": 12, "num_key_value_heads": 12, "vocab_size": \(vocabulary), "rope_theta": 10000,
     "max_position_embeddings": 1024, "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": true}
    """
  }

  private static var tensors: [(name: String, shape: [Int])] {
    let layer: [(String, [Int])] =
      ["q", "k", "v", "o"].map { ("self_attn.\($0)_proj", [width, width]) } + [
        ("mlp.gate_proj", [inner, width]), ("mlp.up_proj", [inner, width]),
        ("mlp.down_proj", [width, inner]), ("input_layernorm", [width]),
        ("post_attention_layernorm", [width]),
      ]
    return [("model.embed_tokens.weight", [vocabulary, width]), ("model.norm.weight", [width])]
      + (0..<layers).flatMap { number in
        layer.map { ("model.layers.\(number).\($0).weight", $1) }
      }
  }

  /// Writes all tensors one after another, so that the process never holds them.
  private static func write(_ format: ElementFormat, to file: URL) throws {
    let size = { (shape: [Int]) in shape.reduce(format.blockSize, *) }
    var (entries, end) = ([String](), 0)
    for (name, shape) in tensors {
      entries.append(
        """
        "\(name)":{"dtype":"\(format.rawValue)","shape":\(shape),"data_offsets":[\(end),\(end + size(shape))]}
        """)
      end += size(shape)
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    try (Data(length) + header).write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.seekToEnd()
    let numbers = format.randomBytes(count: 1 << 16, seed: 1)
    for (_, shape) in tensors {
      var left = size(shape)
      while left > 0 {
        try handle.write(contentsOf: numbers.prefix(left))
        left -= min(numbers.count, left)
      }
    }
  }
}
