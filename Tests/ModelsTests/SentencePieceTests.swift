import Engine
import Files
import Foundation
import Models
import TestSupport
import Testing

/// `tokenizer.model` alone: what SentencePiece itself makes of texts, and every fault its own error.
@Suite struct SentencePieceTests {
  private typealias Message = SentencePieceFile.Message

  private func tokenizer(
    _ file: SentencePieceFile, beside files: [String: String] = [:]
  ) throws -> SubwordTokenizer {
    try tokenizer(file.data, beside: files)
  }

  private func tokenizer(
    _ data: Data, beside files: [String: String] = [:]
  ) throws -> SubwordTokenizer {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "tokenizer.model")
      try data.write(to: url)
      for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
      return try SubwordTokenizer(sentencePiece: url)
    }
  }

  /// What SentencePiece makes of such files, looked up.
  @Test func `symbols of the user's among unigrams are nearly always taken`() throws {
    let found = try tokenizer(
      SentencePieceFile([
        ("a", -1, 1), ("b", -1, 1), ("c", -2.15, 1), ("bc", -1, 1), ("ab", 0, 4), ("▁", -5, 1),
        ("é", -1, 1), ("ac", -1, 1), ("éa", 0, 4),
      ]))
    #expect(found.encode("ab") == [7] && found.encode("abc") == [3, 6])
    #expect(found.encode("éac") == [11, 5])
    #expect(found.encode("qq") == [0] && found.encode("q a") == [0, 8, 3])
  }

  @Test func `extra spaces are left out`() throws {
    var file = SentencePieceFile([("a", -1, 1), ("b", -1, 1), ("▁", -2, 1)])
    file.normalizer = Message()
    let found = try tokenizer(file)
    for (text, ids): (String, [Int32]) in [
      ("  a   b  ", [5, 3, 5, 4]), (" ", []), ("", []), ("▁", []), ("a\tb", [5, 3, 0, 4]),
      (" ▁a ▁ b ▁ ", [5, 5, 3, 5, 5, 5, 4]), ("▁ a", [5, 5, 5, 3]),
    ] {
      #expect(found.encode(text) == ids, "\(text.debugDescription)")
    }
    #expect(found.encode(continuing: "  a") == [5, 3] && found.encode(continuing: "a") == [3])
  }

  @Test func `symbols of the user's are never merged`() throws {
    var file = SentencePieceFile([
      ("aa", 0, 4), ("a", -5, 1), ("ab", -1, 1), ("▁", -2, 1), ("b", -3, 1), ("▁a", -0.5, 1),
    ])
    file.training = Message().integer(3, 2)
    file.normalizer = Message().integer(4, 0)
    let found = try tokenizer(file)
    #expect(found.encode("aab") == [6, 3, 7] && found.encode("aaab") == [6, 3, 5])
    #expect(found.encode("xyab x") == [6, 0, 5, 6, 0])
  }

  @Test func `special tokens are found, those beside the file too`() throws {
    let file = SentencePieceFile([("a", -1, 1)])
    #expect(try tokenizer(file).encode("<s>a</s>") == [1, 3, 2])
    #expect(try tokenizer(file).startToken == 1)
    let more = try tokenizer(
      file,
      beside: [
        "added_tokens.json": #"{"<|end|>": 4}"#,
        "tokenizer_config.json": #"{"add_bos_token": false}"#,
      ])
    #expect(more.encode("a<|end|>a") == [3, 4, 3] && more.decode([4]) == "<|end|>")
    #expect(more.startToken == nil)
    var other = file
    other.training = other.training.integer(41, .max)  // −1: there is none.
    #expect(try tokenizer(other).startToken == nil)
  }

  @Test func `an added token with the number of another piece is refused`() throws {
    let file = SentencePieceFile([("a", -1, 1), ("b", -1, 1)])
    let added = { (text: String) in ["added_tokens.json": text] }
    let same = try tokenizer(file, beside: added(#"{"b": 4, "<|end|>": 5}"#))
    #expect(same.encode("ab<|end|>") == [3, 4, 5])
    let error = #expect(throws: CheckpointError.self) {
      try tokenizer(file, beside: added(#"{"<|one|>": 5, "<|end|>": 4, "<|more|>": 3}"#))
    }
    #expect(error?.file.hasSuffix("added_tokens.json") ?? false)
    #expect(
      error?.description.contains(
        "\"<|more|>\" should not have the number 3, which is that of the piece \"a\" in tokenizer.model; numbers from 5"
      ) ?? false, "\(String(describing: error))")
  }

  @Test func `a model's directory may have no other tokenizer`() throws {
    try withTemporaryDirectory { directory in
      let copy = directory.appending(path: "model")
      try FileManager.default.copyItem(at: fixtures.appending(path: "llama"), to: copy)
      for name in ["tokenizer.json", "vocab.json"] {
        try? FileManager.default.removeItem(at: copy.appending(path: name))
      }
      let file = SentencePieceFile([("a", -1, 1)])
      try file.data.write(to: copy.appending(path: "tokenizer.model"))
      let model = try Transformer(contentsOf: copy)
      #expect(model.tokenizer?.encode("a") == [3] && model.tokenizerProblem == nil)
    }
  }

  static let faults:
    [(name: String, change: @Sendable (inout SentencePieceFile) -> Void, says: String)] = [
      ("words", { $0.training = $0.training.integer(3, 3) }, "of words, only unigrams and BPE"),
      ("kind", { $0.training = $0.training.integer(3, 9) }, "of the kind 9, only"),
      (
        "normalization",
        { $0.normalizer = $0.normalizer.bytes(1, "nmt_nfkc".utf8).bytes(2, [1, 2]) },
        "normalization \"nmt_nfkc\", only identity, is not supported"
      ),
      ("suffix", { $0.training = $0.training.integer(24, 1) }, "with spaces after words"),
      ("spaces", { $0.normalizer = $0.normalizer.integer(5, 0) }, "with spaces as they are"),
      (
        "unused", { $0.pieces.append(SentencePieceFile.piece("q", -1, 5)) },
        "the unused piece \"q\""
      ),
      ("unknown", { $0.pieces.removeFirst() }, "one piece for what is unknown"),
      ("nothing", { $0.pieces = [] }, "not SentencePiece's model, though tiktoken's file has the"),
      ("bytes", { $0.training = $0.training.integer(35, 1) }, "a piece for each of 256 bytes"),
      (
        "twice", { $0.pieces.append(SentencePieceFile.piece("a", -1, 1)) },
        "piece 4, \"a\", should be a text, and no other's"
      ),
      (
        "empty", { $0.pieces.append(SentencePieceFile.piece("", -1, 1)) },
        "piece 4, \"\", should be a text"
      ),
      (
        "score", { $0.pieces.append(SentencePieceFile.piece("q", .nan, 1)) },
        "the score of piece 4 should be a finite number, found nan"
      ),
      (
        "kind of piece", { $0.pieces.append(SentencePieceFile.piece("q", -1, 7)) },
        "piece 4 is of the kind 7"
      ),
      (
        "no UTF-8", { $0.pieces.append(Message().bytes(1, [0xFF])) },
        "field 1 of piece 4 should be text in UTF-8"
      ),
      (
        "score as text", { $0.pieces.append(Message().bytes(2, "1".utf8)) },
        "field 2 of piece 4 should be a number of four bytes"
      ),
      (
        "piece as a number", { $0.more = Message().integer(1, 3) },
        "field 1 of SentencePiece's model should be a row of bytes"
      ),
      (
        "setting as text", { $0.training = $0.training.bytes(35, "1".utf8) },
        "field 35 of the trainer's settings should be a whole number"
      ),
      ("wire", { $0.more = Message().adding(1, 3, Data()) }, "none is of the kind 3"),
      ("field 0", { $0.more = Message().integer(0, 3) }, "none has the number 0"),
      (
        "long number", { $0.more = Message().adding(9, 0, Data(repeating: 0x80, count: 11)) },
        "takes more than ten bytes"
      ),
      (
        "long bytes", { $0.more = Message().adding(9, 2, Data([0xFF, 0xFF, 0x7F, 1])) },
        "SentencePiece's model ends inside of a field"
      ),
      (
        "huge count",
        { $0.more = Message().adding(9, 2, Data(repeating: 0xFF, count: 9) + [1]) },
        "ends inside of a field"
      ),
    ]

  @Test(arguments: faults.indices) func `a fault is its own error`(index: Int) throws {
    let fault = Self.faults[index]
    var file = SentencePieceFile([("a", -1, 1)])
    #expect(try tokenizer(file).encode("a") == [3])
    fault.change(&file)
    let error = #expect(throws: CheckpointError.self, "\(fault.name)") { try tokenizer(file) }
    #expect(
      error?.description.contains(fault.says) ?? false, "\(fault.name): \(error?.description ?? "")"
    )
  }

  @Test func `fields that are not read may be of any kind`() throws {
    var file = SentencePieceFile([("a", -1, 1)])
    file.more = Message().adding(60, 1, Data(count: 8)).float(61, 1).integer(62, .max)
      .bytes(63, [1])
    #expect(try tokenizer(file).encode("a") == [3])
  }

  @Test func `a file cut anywhere is refused`() throws {
    let data = try Data(contentsOf: fixtures.appending(path: "tokenizers/unigrams.model"))
    for count in 0..<data.count {
      let error = #expect(throws: CheckpointError.self, "\(count) of \(data.count)") {
        try tokenizer(Data(data.prefix(count)))
      }
      let says = ["ends inside of a field", "it was not downloaded whole"]
      #expect(says.contains { error?.description.contains($0) ?? false }, "\(count): \(error)")
    }
  }

  @Test func `other files of that name are no model of SentencePiece`() throws {
    for text in ["IQ== 0\nIg== 1\n", "odd", "{\"model\": 1}"] {
      let model = try load("llama", changing: "tokenizer.model") { _ in text }
      #expect(
        model.tokenizerProblem?.contains(
          "this is not SentencePiece's model, though tiktoken's file has the same name; load the tokenizer with "
            + "transformers and save its tokenizer.json here.") ?? false,
        "\(text): \(model.tokenizerProblem ?? "none")")
    }
  }
}
