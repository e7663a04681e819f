import Engine
import Files
import Foundation
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// Faults in safetensors files and configurations: each its own error, no trap.
@Suite struct CheckpointFaultTests {
  // Safetensors ------------------------------------------------------------------------------

  private func read(_ header: String, body: Int = 16, length: UInt64? = nil) throws -> TensorFile {
    let count = length ?? UInt64(header.utf8.count)
    let prefix = Data((0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
    return try withTemporaryDirectory { directory in
      let url = directory.appending(path: "model.safetensors")
      try (prefix + Data(header.utf8) + Data(count: body)).write(to: url)
      return try Safetensors.read(url)
    }
  }

  static let headers: [(header: String, says: String)] = [
    ("", "should be JSON"), ("[]", "should be JSON"), ("{\"a\":1}", "should be JSON"),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, "see \"a.data_offsets\""),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,17]}}"#, "lies at [0, 17]"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[8,0]}}"#, "lies at [8, 0]"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[-8,8]}}"#, "lies at [-8, 8]"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16]}}"#, "lies at [16]"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}"#, "needs 12 bytes, found 16"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,16]}}"#, "impossible shape"),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}"#,
      "impossible shape"
    ),
    (#"{"a":{"dtype":"F7","shape":[4],"data_offsets":[0,16]}}"#, "stored as F7"),
    (
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
      "\"b\" overlaps"
    ),
    (#"{"__metadata__":{"a":1}}"#, "should be JSON"),
  ]

  @Test(arguments: headers.indices) func `safetensors header`(index: Int) throws {
    let (header, says) = Self.headers[index]
    let error = #expect(throws: CheckpointError.self, "\(header)") { try read(header) }
    #expect(error?.description.contains(says) ?? false, "\(header): \(error?.description ?? "")")
  }

  @Test func `safetensors lengths that lie`() throws {
    for length in [1 << 20, .max] as [UInt64] {
      let error = #expect(throws: CheckpointError.self) { try read("{}", length: length) }
      #expect(error?.description.contains("ends inside the header") ?? false)
    }
  }

  @Test func `integers are no weights`() throws {
    let file = try read(#"{"a":{"dtype":"I32","shape":[4],"data_offsets":[0,16]}}"#)
    let stored = try #require(file.tensors["a"])
    #expect(throws: CheckpointError.self) { try file.read("a", stored) }
  }

  @Test func `tensors come back as they were written`() throws {
    let tensors = ["b": Tensor.random([3, 4], seed: 1), "a": Tensor.random([5], seed: 2)]
    let data = try Safetensors.encode(tensors, metadata: ["note": "x\"y"])
    #expect(try data == Safetensors.encode(tensors, metadata: ["note": "x\"y"]))
    for length in 0..<8 {
      // Numbers start at a multiple of 8 bytes, whatever the header's length.
      let header = try Safetensors.encode(
        [:], metadata: [String(repeating: "x", count: length): ""])
      #expect(header.count % 8 == 0)
    }
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "t.safetensors")
      try data.write(to: url)
      let file = try Safetensors.read(url)
      for (name, tensor) in tensors {
        #expect(try file.read(name, #require(file.tensors[name])) == tensor)
      }
      #expect(file.metadata["note"] == .text("x\"y"))
    }
  }

  @Test(arguments: [false, true]) func `scores come back as they were written`(isParallel: Bool)
    throws
  {
    let graph = ComputationGraph(
      layerCount: 2, headCount: 4, keyValueReaderCount: 2, isParallel: isParallel, dModel: 8)
    let count = graph.writerCount * graph.readerCount
    let scores = EdgeScores((0..<count).map { Float($0) / 7 }, graph: graph)
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "scores.safetensors")
      try scores.safetensors(method: "eap", metric: "kl").write(to: url)
      #expect(try EdgeScores(safetensors: url) == scores)
    }
  }

  // Directories ------------------------------------------------------------------------------

  static let configs: [(family: String, old: String, new: String, says: String)] = [
    ("gpt2", "\"gpt2\"", "\"bloom\"", "architecture \"bloom\" is not known; known are gpt2"),
    ("gpt2", "\"n_embd\": 24", "\"n_embd\": 0", "\"n_embd\" should be a whole number"),
    ("gpt2", "\"n_embd\": 24", "\"n_embd\": \"24\"", "found \"24\""),
    ("gpt2", "\"n_embd\": 24", "\"n_embd\": 25", "divisor of the width 25"),
    ("gpt2", "\"n_embd\": 24", "\"n_embd\": 48", "should have shape"),
    (
      "gpt2", "\"n_layer\": 2", "\"n_layer\": 3",
      "needs a tensor \"transformer.h.2.attn.c_attn.weight\""
    ),
    ("gpt2", "\"n_layer\": 2", "\"n_layer\": 1", "no place for 12 tensors: transformer.h.1"),
    ("gpt2", "\"n_layer\": 2", "\"n_layer\": 1e99", "\"n_layer\" should be"),
    ("gpt2", "\"n_layer\": 2", "\"n_layer\": 2,,", "one JSON object"),
    ("gpt2", "gelu_new", "gelu_odd", "\"activation_function\" should be one of gelu_new"),
    ("gpt2", "1e-05", "-1", "\"layer_norm_epsilon\" should be a positive number"),
    (
      "gpt_neox", "\"partial_rotary_factor\": 0.25", "\"partial_rotary_factor\": 0.2",
      "an even part"
    ),
    (
      "gpt_neox", "\"partial_rotary_factor\": 0.25", "\"partial_rotary_factor\": 1e300",
      "an even part"
    ),
    (
      "gpt_neox", "\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"", "rotary scaling \"yarn\""
    ),
    ("llama", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3", "divisor of the 4 heads"),
    ("llama", "\"mlp_bias\": false", "\"mlp_bias\": 1", "should be true or false"),
    ("qwen3", "\"sliding_attention\"", "\"other\"", "layers of the type \"other\""),
    ("qwen3", "\"full_attention\",", "", "a type for each of 2 layers"),
    ("gemma2", "\"attention_bias\": false", "\"attention_bias\": true", "is not supported"),
    (
      "gemma3", "\"use_bidirectional_attention\": false", "\"use_bidirectional_attention\": true",
      "is not supported"
    ),
    ("olmo2", "\"attention_bias\": false", "\"attention_bias\": true", "is not supported"),
    ("phi", "\"qk_layernorm\": false", "\"qk_layernorm\": true", "is not supported"),
    (
      "opt", "\"do_layer_norm_before\": true", "\"do_layer_norm_before\": false",
      "is not supported"
    ),
    ("opt", "\"word_embed_proj_dim\": 32", "\"word_embed_proj_dim\": 16", "is not supported"),
    ("gptj", "\"rotary_dim\": 4", "\"rotary_dim\": 3", "is not supported"),
    ("gptj", "\"rotary_dim\": 4", "\"rotary_dim\": 9", "a whole number from 1 to 8"),
  ]

  @Test(arguments: configs.indices) func `configuration`(index: Int) throws {
    let (family, old, new, says) = Self.configs[index]
    let error = #expect(throws: CheckpointError.self, "\(new)") {
      try load(family, changing: "config.json") { text in
        #expect(text.contains(old))
        return text.replacingOccurrences(of: old, with: new)
      }
    }
    #expect(error?.description.contains(says) ?? false, "\(new): \(error?.description ?? "")")
  }

  @Test func `old and new spellings of rotary settings mean the same`() throws {
    let new = try load("gpt_neox").configuration
    let old = try load("gpt_neox", changing: "config.json") { text in
      text.replacingOccurrences(of: "\"rope_parameters\": {", with: "\"ignored\": {")
        .replacingOccurrences(
          of: "\"use_cache\"",
          with: "\"rotary_pct\": 0.25, \"rotary_emb_base\": 10000, \"use_cache\"")
    }.configuration
    #expect(old == new)
  }

  @Test func `Llama 3's rotary scaling keeps fast angles and slows slow ones`() throws {
    let plain = try #require(try load("llama").configuration.layers[0].rotaryFrequencies)
    let scaled = try #require(
      try load("llama", changing: "config.json") { text in
        text.replacingOccurrences(
          of: "\"rope_type\": \"default\"",
          with: """
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64
            """)
      }.configuration.layers[0].rotaryFrequencies)
    // 64 positions are 10.2 turns of the first pair, 1.02 of the second, and less of the others.
    #expect(scaled[0] == plain[0])
    let turns = 64 * plain[1] / (2 * Double.pi)
    let kept = (turns - 1) / 3
    #expect(abs(scaled[1] - plain[1] * (kept + (1 - kept) / 8)) < 1e-12)
    #expect(scaled[2] == plain[2] / 8 && scaled[3] == plain[3] / 8)
  }

  @Test func `NaN among weights is refused by name`() throws {
    let golden = try Golden("gpt2", "model")
    var tensors: [String: Tensor] = [:]
    for name in golden.file.tensors.keys { tensors[name] = try golden.tensor(name) }
    let bias = "transformer.h.1.mlp.c_fc.bias"
    let embedding = "transformer.wte.weight"
    var broken = tensors
    broken[bias] = Tensor([Float](repeating: .nan, count: 96), shape: [96])
    let data = try Safetensors.encode(broken)
    // Matrices are not read before they are used: a run shows what is wrong, and the model says where.
    var numbers = try #require(tensors[embedding]).values()
    numbers[3] = .infinity
    tensors[embedding] = Tensor(numbers, shape: try #require(tensors[embedding]).shape)
    let matrix = try Safetensors.encode(tensors)
    try withTemporaryDirectory { directory in
      try FileManager.default.copyItem(
        at: golden.directory.appending(path: "config.json"),
        to: directory.appending(path: "config.json"))
      try data.write(to: directory.appending(path: "model.safetensors"))
      let error = #expect(throws: CheckpointError.self) { try Transformer(contentsOf: directory) }
      #expect(error?.problem == .notFinite(tensor: bias))
      try matrix.write(to: directory.appending(path: "model.safetensors"))
      let model = try Transformer(contentsOf: directory)
      #expect(model.brokenMatrix == embedding)
      #expect(!model.logits(TokenBatch([[0]])).isFinite)
      #expect(try GoldenModel("gpt2").model.brokenMatrix == nil)
    }
  }

  @Test func `several files are read by their index`() throws {
    let golden = try GoldenModel("llama")
    let source = try Safetensors.read(golden.file.directory.appending(path: "model.safetensors"))
    try withTemporaryDirectory { directory in
      try FileManager.default.copyItem(
        at: golden.file.directory.appending(path: "config.json"),
        to: directory.appending(path: "config.json"))
      var map: [String: String] = [:]
      var parts: [String: [String: Tensor]] = [:]
      for (index, name) in source.tensors.keys.sorted().enumerated() {
        map[name] = "part\(index % 3).safetensors"
        parts[map[name] ?? "", default: [:]][name] = try source.read(
          name, #require(source.tensors[name]))
      }
      for (name, tensors) in parts {
        try Safetensors.encode(tensors).write(to: directory.appending(path: name))
      }
      let index = directory.appending(path: "model.safetensors.index.json")
      try JSONEncoder().encode(["weight_map": map]).write(to: index)
      let model = try Transformer(contentsOf: directory)
      #expect(model.logits(golden.clean) == golden.model.logits(golden.clean))

      let twice = try #require(parts["part1.safetensors"])
        .merging(try #require(parts["part0.safetensors"])) { one, _ in one }
      let part = directory.appending(path: "part1.safetensors")
      try Safetensors.encode(twice).write(to: part)
      let error = #expect(throws: CheckpointError.self) { try Transformer(contentsOf: directory) }
      #expect(error?.description.contains("too") ?? false)

      try FileManager.default.removeItem(at: directory.appending(path: "part1.safetensors"))
      #expect(throws: CheckpointError.self) { try Transformer(contentsOf: directory) }
      try Data(#"{"weight_map":{"a":"../escape.safetensors"}}"#.utf8).write(to: index)
      #expect(throws: CheckpointError.self) { try Transformer(contentsOf: directory) }
    }
  }

  @Test func `paths that hold no model`() throws {
    try withTemporaryDirectory { directory in
      let text = directory.appending(path: "model.txt")
      try Data("x".utf8).write(to: text)
      for url in [directory, text, directory.appending(path: "nothing")] {
        #expect(throws: CheckpointError.self) { try Transformer(contentsOf: url) }
      }
    }
  }
}

/// Loads a family's golden model with the text of one file changed.
func load(
  _ family: String, changing file: String? = nil, _ change: (String) -> String = { $0 }
) throws -> Transformer {
  try withTemporaryDirectory { directory in
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(
        at: fixtures.appending(path: family).appending(path: name),
        to: directory.appending(path: name))
    }
    if let file {
      let url = directory.appending(path: file)
      let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
      try Data(change(text).utf8).write(to: url)
    }
    return try Transformer(contentsOf: directory)
  }
}
