import Engine
import Files
import Foundation
import Models
import TestSupport
import Tensors
import Testing

/// The ways in which a model's files lie in a directory.
@Suite struct LoadingTests {
  /// The tensors of the golden GPT-2 rounded to a format.
  private func tensors(
    _ format: ElementFormat
  ) throws -> [(name: String, bytes: Data, values: Tensor)] {
    let golden = try Golden("gpt2", "model")
    return try golden.file.tensors.keys.sorted().map { name in
      let (bytes, values) = try golden.tensor(name).rounded(to: format)
      return (name, bytes, values)
    }
  }

  private func safetensors(
    _ tensors: some Sequence<(name: String, bytes: Data, values: Tensor)>, _ format: ElementFormat
  ) -> Data {
    var file = SafetensorsFile()
    for (name, bytes, values) in tensors {
      file.tensors.append((name, format.rawValue, values.shape, bytes))
    }
    return file.data
  }

  private func torch(
    _ tensors: some Sequence<(name: String, bytes: Data, values: Tensor)>, _ kind: String
  ) -> Data {
    TorchFile(
      tensors.enumerated().map {
        ($1.name, .init(kind, storage: "\($0)", shape: $1.values.shape, isParameter: $0 % 2 == 0))
      }, storages: tensors.enumerated().map { ("\($0)", $1.bytes) }
    ).data
  }

  private func load(_ files: [String: Data]) throws -> Transformer {
    try withTemporaryDirectory { directory in
      let config = fixtures.appending(path: "gpt2/config.json")
      for (name, data) in files.merging(
        ["config.json": try Data(contentsOf: config)], uniquingKeysWith: { own, _ in own })
      where !data.isEmpty {
        try data.write(to: directory.appending(path: name))
      }
      return try Transformer(contentsOf: directory)
    }
  }

  private func index(_ names: [String: [String]]) throws -> Data {
    let map = Dictionary(
      uniqueKeysWithValues: names.flatMap { file, names in names.map { ($0, file) } })
    return try JSONEncoder().encode(["weight_map": map])
  }

  private let prompt = TokenBatch([[1, 2, 3, 4], [5, 6]])

  @Test(arguments: [
    (ElementFormat.f32, "FloatStorage"), (.f16, "HalfStorage"), (.bf16, "BFloat16Storage"),
    (.f64, "DoubleStorage"),
  ]) func `a format gives the same logits in any files`(format: ElementFormat, kind: String) throws
  {
    let all = try tensors(format)
    let (first, second) = (all[..<9], all[9...])
    let plain = all.map { ($0.name, $0.values.rounded(to: .f32).bytes, $0.values) }
    let expected = try load([
      "model.safetensors": safetensors(plain, .f32)
    ]).logits(prompt)
    let names = ["a": first.map(\.name), "b": second.map(\.name)]
    let ways: [[String: Data]] = [
      ["model.safetensors": safetensors(all, format)], ["pytorch_model.bin": torch(all, kind)],
      [
        "a": safetensors(first, format), "b": safetensors(second, format),
        "model.safetensors.index.json": try index(names),
      ],
      [
        "a": torch(first, kind), "b": torch(second, kind),
        "pytorch_model.bin.index.json": try index(names),
      ],
      // Safetensors come first, and one file before an index.
      ["model.safetensors": safetensors(all, format), "pytorch_model.bin": Data("odd".utf8)],
      [
        "model.safetensors": safetensors(all, format),
        "model.safetensors.index.json": try index(["gone.safetensors": ["x"]]),
      ],
    ]
    for (number, way) in ways.enumerated() {
      let model = try load(way)
      #expect(model.logits(prompt) == expected, "\(number)")
      let isStale = number == ways.count - 1
      #expect(
        model.notes.contains { $0.contains("remove the one that is stale") } == isStale)
    }
  }

  @Test func `an index that names the one file is no stale one`() throws {
    let all = try tensors(.f32)
    let model = try load([
      "model.safetensors": safetensors(all, .f32),
      "model.safetensors.index.json": try index(["model.safetensors": all.map(\.name)]),
    ])
    #expect(model.notes.isEmpty)
  }

  private static let page = Data("<html><head><title>404</title>".utf8)
  private static let pointer = Data("version https://git-lfs.github.com/spec/v1\noid x".utf8)

  static let faults: [(files: [String: Data], says: String)] = [
    (["model.safetensors": pointer], "run \"git lfs pull\""),
    (["config.json": pointer], "run \"git lfs pull\""),
    (["model.safetensors": page], "this is a web page and not the file itself"),
    (["config.json": page], "this is a web page and not the file itself"),
    (["pytorch_model.bin": page], "this is a web page and not the file itself"),
    (
      ["model.safetensors.index.json": Data(#"{"weight_map": {"a": "b.safetensors"}}"#.utf8)],
      "lists b.safetensors, which is not there: get it"
    ),
    (
      ["pytorch_model.bin.index.json": Data(#"{"weight_map": {"a": "b.bin"}}"#.utf8)],
      "lists b.bin, which is not there: get it"
    ),
    (
      ["pytorch_model.bin.index.json": Data(#"{"weight_map": {"a": "../b.bin"}}"#.utf8)],
      "\"a\" should be a file's name"
    ),
    (["adapter_config.json": Data("{}".utf8)], "this is an adapter"),
    (
      ["adapter_config.json": Data("{}".utf8), "config.json": Data()], "this is an adapter"
    ),
    (["config.json": Data()], "the directory is empty"),
    ([:], "expected a directory with config.json and model.safetensors or pytorch_model.bin"),
    (["tf_model.h5": pointer], "found tf_model.h5; convert it"),
    (["model.Q4_K.gguf": pointer, "config.json": Data()], "name that file itself"),
  ]

  @Test(arguments: faults.indices) func `a directory without a model says so`(index: Int) throws {
    let (files, says) = Self.faults[index]
    let error = #expect(throws: CheckpointError.self) { try load(files) }
    #expect(error?.description.contains(says) ?? false, "\(says): \(error?.description ?? "")")
  }

  // GGUF in parts ----------------------------------------------------------------------------

  /// The golden Llama in three files; only the first has the fields.
  private func parts() throws -> [GGUFFile] {
    let whole = try GGUFFile(golden: GoldenModel("llama"))
    return (0..<3).map { part in
      var file = part == 0 ? whole : GGUFFile()
      file.tensors = whole.tensors.enumerated().filter { $0.offset % 3 == part }.map(\.element)
      file.set("split.no", .integer(UInt32(part)))
      file.set("split.count", .integer(3))
      return file
    }
  }

  private func withParts(
    _ change: (inout [GGUFFile]) -> Void = { _ in }, _ body: (URL) throws -> Void
  ) throws {
    var parts = try parts()
    change(&parts)
    try withTemporaryDirectory { directory in
      for (part, file) in parts.enumerated() {
        try file.data.write(
          to: directory.appending(path: "tiny-0000\(part + 1)-of-00003.gguf"))
      }
      try body(directory)
    }
  }

  @Test func `a GGUF file in parts is one model, whichever is named`() throws {
    let golden = try GoldenModel("llama")
    try withParts { directory in
      for part in 1...3 {
        let model = try Transformer(
          contentsOf: directory.appending(path: "tiny-0000\(part)-of-00003.gguf"))
        #expect(model.name == "tiny" && model.tokenizer != nil)
        expectClose(
          model.logits(golden.clean, rows: golden.allRows),
          try golden.expectedLogits("logits.clean"), relative: 1e-4)
      }
    }
  }

  @Test func `a part that is missing or has lost its name says so`() throws {
    try withParts { directory in
      let first = directory.appending(path: "tiny-00001-of-00003.gguf")
      let second = directory.appending(path: "tiny-00002-of-00003.gguf")
      try FileManager.default.removeItem(at: second)
      var error = #expect(throws: CheckpointError.self) { try Transformer(contentsOf: first) }
      #expect(error?.description.contains("part 2 of 3 of the model is not there") ?? false)
      let alone = directory.appending(path: "tiny.gguf")
      try FileManager.default.moveItem(at: first, to: alone)
      error = #expect(throws: CheckpointError.self) { try Transformer(contentsOf: alone) }
      #expect(error?.description.contains("one of 3 that a model was split into") ?? false)
    }
    // A tensor that is in two parts, and one that is in none.
    try withParts({ $0[2].tensors.append($0[1].tensors[0]) }) { directory in
      let first = directory.appending(path: "tiny-00001-of-00003.gguf")
      let error = #expect(throws: CheckpointError.self) { try Transformer(contentsOf: first) }
      #expect(error?.description.contains("too") ?? false)
    }
    try withParts({ $0[2].tensors.removeLast() }) { directory in
      let first = directory.appending(path: "tiny-00001-of-00003.gguf")
      let error = #expect(throws: CheckpointError.self) { try Transformer(contentsOf: first) }
      #expect(error?.description.contains("which the checkpoint lacks") ?? false)
    }
  }
}
