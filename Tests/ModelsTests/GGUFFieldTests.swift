import Engine
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// What a GGUF file may state or leave out, and how it writes numbers.
@Suite struct GGUFFieldTests {
  private func write<Result>(_ file: GGUFFile, _ body: (URL) throws -> Result) throws -> Result {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "model.gguf")
      try file.data.write(to: url)
      return try body(url)
    }
  }

  /// The golden Llama as GGUF, changed.
  private func load(_ change: (inout GGUFFile) -> Void) throws -> Transformer {
    var file = try GGUFFile(golden: GoldenModel("llama"))
    change(&file)
    return try write(file) { try Transformer(contentsOf: $0) }
  }

  private func little(_ value: UInt64, _ count: Int) -> Data {
    Data((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }

  private func frequencies(_ change: (inout GGUFFile) -> Void = { _ in }) throws -> [Double] {
    try #require(try load(change).configuration.layers[0].rotaryFrequencies)
  }

  @Test func `rotary factors divide the angles`() throws {
    let factors: [Float] = [1, 2, 4, 32]
    let slowed = try frequencies {
      $0.tensors.append(
        GGUFFile.Stored(
          "rope_freqs.weight", shape: [4],
          bytes: factors.reduce(Data()) { $0 + little(UInt64($1.bitPattern), 4) }))
    }
    #expect(try slowed == zip(frequencies(), factors).map { $0 / Double($1) })
  }

  @Test func `angles are powers of the base, 10000 if there is none`() throws {
    #expect(try frequencies { $0.remove("llama.rope.freq_base") } == frequencies())
    let found = try frequencies { $0.set("llama.rope.freq_base", .number(256)) }
    expectClose(found, [1, 0.25, 0.0625, 0.015625], relative: 1e-12)
  }

  @Test func `without a number of key heads there are as many as heads`() throws {
    let error = #expect(throws: CheckpointError.self) {
      try load { $0.remove("llama.attention.head_count_kv") }
    }
    guard case .wrongShape(_, let expected, let found) = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(expected == [32, 32] && found == [16, 32])
  }

  @Test func `rotary scaling is refused unless there is none`() throws {
    #expect(try frequencies { $0.set("llama.rope.scaling.type", .text("none")) } == frequencies())
    for kind in ["linear", "yarn"] {
      #expect(throws: CheckpointError.self) {
        try load { $0.set("llama.rope.scaling.type", .text(kind)) }
      }
    }
  }

  @Test func `a file without an unembedding ties it to the embedding`() throws {
    let model = try load { $0.tensors.removeAll { $0.name == "output.weight" } }
    #expect(model.weights.unembedding.weight == model.weights.tokenEmbedding)
    let untied = try load { _ in }
    #expect(untied.weights.unembedding.weight != untied.weights.tokenEmbedding)
  }

  @Test func `numbers of every type`() throws {
    let minus = UInt64(bitPattern: -2)
    let cases: [(type: UInt32, bytes: Data, value: FieldValue)] = [
      (0, little(minus, 1), .integer(254)), (1, little(minus, 1), .integer(-2)),
      (2, little(minus, 2), .integer(65534)), (3, little(minus, 2), .integer(-2)),
      (4, little(minus, 4), .integer(4_294_967_294)), (5, little(minus, 4), .integer(-2)),
      (6, little(UInt64(Float(-1.5).bitPattern), 4), .number(-1.5)),
      (7, little(1, 1), .flag(true)), (7, little(0, 1), .flag(false)),
      (10, little(1 << 40, 8), .integer(1 << 40)), (11, little(minus, 8), .integer(-2)),
      (12, little((0.1).bitPattern, 8), .number(0.1)),
    ]
    var file = GGUFFile()
    for (index, found) in cases.enumerated() {
      file.fields.append(("\(index)", .raw(type: found.type, found.bytes)))
    }
    let fields = try write(file) { try GGUF.read($0).metadata }
    for (index, found) in cases.enumerated() {
      #expect(fields["\(index)"] == found.value, "type \(found.type)")
    }
  }

  /// Texts of several lengths before them, so that the tensors' start is rounded up by more and less.
  @Test(arguments: [8, 64], 0..<4)
  func `tensors lie where the alignment says`(alignment: Int, length: Int) throws {
    let golden = try GoldenModel("llama")
    let model = try load {
      $0.alignment = alignment
      $0.set("general.alignment", .integer(UInt32(alignment)))
      $0.set("general.name", .text(String(repeating: "x", count: 8 * length)))
    }
    #expect(model.weights == golden.model.weights)
  }

  @Test func `control and user-defined tokens are found whole`() throws {
    let tokenizer = try #require(
      try load {
        var texts = (33..<94).map { String(UnicodeScalar(UInt8($0))) }
        var types = texts.map { _ in Int32(1) }
        (texts[58], texts[59], texts[60]) = ("<A>", "<B>", "<C>")
        (types[58], types[59]) = (3, 4)
        $0.set("tokenizer.ggml.tokens", .texts(texts))
        $0.set("tokenizer.ggml.token_type", .integers(types))
      }.tokenizer)
    #expect(tokenizer.encode("!<A>!<B>") == [0, 58, 0, 59])
    #expect(tokenizer.encode("<C>") == [27, 34, 29])
    #expect([57, 58, 59, 60].map(tokenizer.isSpecial) == [false, true, true, false])
  }

  @Test(arguments: [("llama-bpe", [59, 19]), ("qwen2", [16, 17, 18, 19]), ("gpt-2", [60])])
  func `digits come in threes, alone or together, by family`(kind: String, expected: [Int32]) throws
  {
    let model = try load {
      let texts = (33..<91).map { String(UnicodeScalar(UInt8($0))) } + ["12", "123", "1234"]
      $0.set("tokenizer.ggml.tokens", .texts(texts))
      $0.set("tokenizer.ggml.merges", .texts(["1 2", "12 3", "123 4"]))
      $0.set("tokenizer.ggml.pre", .text(kind))
    }
    #expect(model.tokenizer?.encode("1234") == expected)
  }

  @Test(
    arguments: [
      ("llama-bpe", nil, 3), ("llama-bpe", false, nil), ("gpt-2", nil, nil), ("gpt-2", true, 3),
    ] as [(String, Bool?, Int32?)])
  func `prompts start with a token where the file or its family says so`(
    kind: String, adds: Bool?, expected: Int32?
  ) throws {
    let model = try load {
      $0.set("tokenizer.ggml.pre", .text(kind))
      $0.set("tokenizer.ggml.bos_token_id", .integer(3))
      if let adds { $0.set("tokenizer.ggml.add_bos_token", .flag(adds)) }
    }
    #expect(model.tokenizer?.startToken == expected)
  }

  @Test func `every token has an embedding`() throws {
    let texts = (33..<95).map { String(UnicodeScalar(UInt8($0))) }
    let change = { (count: Int) in
      try load {
        $0.set("llama.vocab_size", .integer(61))
        $0.set("tokenizer.ggml.tokens", .texts(Array(texts.prefix(count))))
      }
    }
    #expect(try change(61).configuration.vocabularySize == 61)
    #expect(try change(61).tokenizerProblem == nil)
    #expect(try change(62).tokenizerProblem?.contains("the model knows only 61") ?? false)
  }
}
