import Engine
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct TokenizerTests {
  private struct Pair: Decodable {
    let text: String
    let ids: [Int32]
  }

  private func pairs(_ path: String) throws -> [Pair] {
    try JSONDecoder().decode(
      [Pair].self, from: Data(contentsOf: fixtures.appending(path: path)))
  }

  @Test(.tags(.realModel), .enabled(if: RealModel.isThere))
  func `SmolLM2's tokenizer gives the reference's tokens and the text back`() throws {
    let tokenizer = try #require(try RealModel.model.get().tokenizer)
    let pairs = try pairs("smollm2-135m/tokenizer.json")
    #expect(pairs.count == 400)
    for pair in pairs {
      #expect(tokenizer.encode(pair.text) == pair.ids, "\(pair.text.debugDescription)")
      #expect(tokenizer.decode(pair.ids) == pair.text, "\(pair.ids)")
    }
    #expect(tokenizer.startToken == nil)
  }

  /// Small tokenizers with the pre-tokenizers of four families, made by Scripts/fixtures.
  @Test(arguments: ["gpt2", "smollm", "llama3", "qwen2"])
  func `tokenizer.json gives the tokenizers library's tokens`(family: String) throws {
    let tokenizer = try SubwordTokenizer(
      json: fixtures.appending(path: "tokenizers/\(family).json"))
    let pairs = try pairs("tokenizers/\(family).pairs.json")
    #expect(pairs.count > 60)
    for pair in pairs {
      #expect(tokenizer.encode(pair.text) == pair.ids, "\(family) \(pair.text.debugDescription)")
      let composed = family == "qwen2" ? pair.text.precomposedStringWithCanonicalMapping : pair.text
      #expect(Array(tokenizer.decode(pair.ids).utf8) == Array(composed.utf8))
    }
    #expect((tokenizer.startToken != nil) == (family == "llama3"))
  }

  private func checksum(_ text: String, digits: Int) -> String {
    let value = text.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    let hex = String(value, radix: 16)
    return String((String(repeating: "0", count: 8 - hex.count) + hex).prefix(digits))
  }

  /// Holds a tokenizer to the ids of 2,000 texts, and the texts that come back, by their checksums.
  private func hold(_ tokenizer: SubwordTokenizer, to name: String) throws {
    let folder = fixtures.appending(path: "tokenizers")
    let texts = try JSONDecoder().decode(
      [String].self, from: Data(contentsOf: folder.appending(path: "texts.json")))
    let lines = try String(
      contentsOf: folder.appending(path: name + ".checksums"), encoding: .utf8
    ).split(separator: "\n")
    #expect(texts.count == 2000 && lines.count == texts.count)
    var wrong: [String] = []
    for (text, line) in zip(texts, lines) where line != "-" {
      let ids = tokenizer.encode(text)
      let found =
        checksum(ids.map(String.init).joined(separator: ","), digits: 5)
        + checksum(tokenizer.decode(ids), digits: 3)
      if found != line {
        wrong.append("\(text.debugDescription): \(ids) \(tokenizer.decode(ids).debugDescription)")
      }
    }
    #expect(wrong.isEmpty, "\(name): \(wrong.count) of \(texts.count), \(wrong.prefix(5))")
  }

  /// Tokenizers with the steps of many families, and what the tokenizers library makes of random texts.
  @Test(arguments: [
    "gpt2", "smollm", "llama3", "qwen2", "falcon", "deepseek", "gpt4o", "prefix", "olmo", "words",
    "llama2", "mistral", "gemma", "unknown", "unigram", "unigram-bytes",
  ]) func `any text gives the tokenizers library's tokens`(family: String) throws {
    try hold(
      SubwordTokenizer(json: fixtures.appending(path: "tokenizers/\(family).json")), to: family)
  }

  @Test(arguments: ["merges", "unigrams", "unigrams-bytes"])
  func `tokenizer.model gives SentencePiece's tokens`(name: String) throws {
    let url = fixtures.appending(path: "tokenizers/\(name).model")
    let tokenizer = try SubwordTokenizer(sentencePiece: url)
    #expect(tokenizer.startToken == 1)
    try hold(tokenizer, to: "\(name).model")
  }

  @Test func `a GGUF file's pieces are merged as SentencePiece merges them`() throws {
    let url = fixtures.appending(path: "tokenizers/llama.gguf")
    let fields = Fields(file: url.path, values: try GGUF.read(url).metadata)
    let tokenizer = try SubwordTokenizer(gguf: fields)
    #expect(tokenizer.startToken == 1)
    try hold(tokenizer, to: "llama.gguf")
    for (field, value, says) in [
      ("tokenizer.ggml.scores", FieldValue.list([.number(1)]), "a number for each of"),
      ("tokenizer.ggml.model", .text("bert"), "the tokenizer \"bert\""),
      ("tokenizer.ggml.unknown_token_id", .integer(-1), "\"tokenizer.ggml.unknown_token_id\""),
    ] {
      var values = fields.values
      values[field] = value
      let error = #expect(throws: CheckpointError.self) {
        try SubwordTokenizer(gguf: Fields(file: url.path, values: values))
      }
      #expect(error?.description.contains(says) ?? false, "\(error?.description ?? "")")
    }
  }

  /// An answer with its space is what follows a prompt, whatever a tokenizer puts before a text.
  @Test(arguments: ["gpt2", "prefix", "llama2", "mistral", "gemma", "unigram", "unigram-bytes"])
  func `what continues a text gets no space of its own`(family: String) throws {
    let tokenizer = try SubwordTokenizer(
      json: fixtures.appending(path: "tokenizers/\(family).json"))
    let (whole, first) = (tokenizer.encode("the weather"), tokenizer.encode("the"))
    #expect(first + tokenizer.encode(continuing: " weather") == whole)
    #expect(tokenizer.decode(tokenizer.encode(continuing: " weather")) == " weather")
    let end = tokenizer.encode(continuing: "s")
    #expect(end.count == 1 && tokenizer.decode(end) == "s")
  }

  @Test func `vocab.json with merges.txt gives the same tokens as tokenizer.json`() throws {
    struct File: Decodable {
      struct Model: Decodable {
        let vocab: [String: Int]
        let merges: [[String]]
      }
      let model: Model
    }
    let source = fixtures.appending(path: "tokenizers/gpt2.json")
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: source))
    try withTemporaryDirectory { directory in
      try JSONEncoder().encode(file.model.vocab).write(
        to: directory.appending(path: "vocab.json"))
      let merges = ["#version: 0.2"] + file.model.merges.map { $0.joined(separator: " ") }
      for lineEnd in ["\n", "\r\n"] {
        try Data(merges.joined(separator: lineEnd).utf8).write(
          to: directory.appending(path: "merges.txt"))
        let tokenizer = try #require(try SubwordTokenizer(directory: directory, family: "gpt2"))
        for pair in try pairs("tokenizers/gpt2.pairs.json") where !pair.text.contains("<|") {
          #expect(tokenizer.encode(pair.text) == pair.ids)
        }
      }
      for (name, text) in [("merges.txt", "a b c"), ("vocab.json", "[]"), ("vocab.json", "{}")] {
        try Data(text.utf8).write(to: directory.appending(path: name))
        #expect(throws: CheckpointError.self) {
          try SubwordTokenizer(directory: directory, family: "gpt2")
        }
      }
    }
  }

  @Test(
    arguments: [
      ("<a>", [900]), ("<a><b>", [901]), ("<a>b><", [900, 902]), ("<a><a><b><a>", [900, 901, 900]),
      ("é<é", [903, nil, 903]), ("e\u{301}<a>", [nil, nil, nil, 900]), ("<", [nil]), ("", []),
      ("<a", [nil, nil]), ("xb><b><", [nil, 902, 902]),
    ] as [(String, [Int32?])])
  func `the longest special token wins at the earliest place`(text: String, expected: [Int32?])
    throws
  {
    let source = fixtures.appending(path: "tokenizers/gpt2.json")
    var file = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: source)) as? [String: Any])
    var model = try #require(file["model"] as? [String: Any])
    // Every byte by itself, which is nil in what is expected.
    model["merges"] = [String]()
    file["model"] = model
    file["added_tokens"] = zip(900..., ["<a>", "<a><b>", "b><", "é"]).map {
      ["id": $0, "content": $1] as [String: Any]
    }
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "tokenizer.json")
      try JSONSerialization.data(withJSONObject: file).write(to: url)
      let tokenizer = try SubwordTokenizer(json: url)
      let tokens = tokenizer.encode(text)
      #expect(tokens.map { $0 >= 900 ? $0 : nil } == expected)
      #expect(Array(tokenizer.decode(tokens).utf8) == Array(text.utf8))
    }
  }

  /// A tokenizer of a few letters, as tokenizer.json.
  private func tokenizer(
    _ vocabulary: [String: Int], merges: [[String]] = [], added: [String: Int] = [:],
    steps: [[String: any Sendable]] = []
  ) throws -> SubwordTokenizer {
    let bytes: [String: any Sendable] = ["type": "ByteLevel", "use_regex": steps.isEmpty]
    let json: [String: Any] = [
      "model": ["type": "BPE", "vocab": vocabulary, "merges": merges] as [String: Any],
      "added_tokens": added.map { ["id": $1, "content": $0] as [String: Any] },
      "pre_tokenizer": ["type": "Sequence", "pretokenizers": steps + [bytes]] as [String: Any],
    ]
    return try withTemporaryDirectory { directory in
      let url = directory.appending(path: "tokenizer.json")
      try JSONSerialization.data(withJSONObject: json).write(to: url)
      return try SubwordTokenizer(json: url)
    }
  }

  /// The best pair of neighbours looked for again and again: what the rule says.
  private func naive(_ letters: [String], _ ranks: [String: Int]) -> [String] {
    var parts = letters
    while true {
      let best = parts.indices.dropLast().compactMap { place in
        ranks[parts[place] + " " + parts[place + 1]].map { (rank: $0, place: place) }
      }.min { ($0.rank, $0.place) < ($1.rank, $1.place) }
      guard let best else { return parts }
      parts[best.place] += parts.remove(at: best.place + 1)
    }
  }

  @Test(arguments: 0..<30) func `merging is that of the rule`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var texts = ["a", "b", "c"]
    var merges: [[String]] = []
    for _ in 0..<12 {
      let pair = [texts, texts].compactMap { $0.randomElement(using: &generator) }
      guard !texts.contains(pair.joined()) else { continue }
      merges.append(pair)
      texts.append(pair.joined())
    }
    let tokenizer = try tokenizer(
      Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, $0) }), merges: merges)
    let ranks = Dictionary(
      uniqueKeysWithValues: merges.enumerated().map { ($1.joined(separator: " "), $0) })
    for _ in 0..<20 {
      let letters = (0..<Int.random(in: 0...40, using: &generator)).compactMap { _ in
        ["a", "b", "c"].randomElement(using: &generator)
      }
      #expect(
        tokenizer.encode(letters.joined()).map { texts[Int($0)] } == naive(letters, ranks))
    }
  }

  @Test(.timeLimit(.minutes(1))) func `a word of 100,000 letters is no work`() throws {
    let tokenizer = try tokenizer(
      ["a": 0, "aa": 1, "aaaa": 2], merges: [["a", "a"], ["aa", "aa"]])
    #expect(tokenizer.encode(String(repeating: "a", count: 100_001)).count == 25_001)
  }

  @Test(arguments: ["(a+)+$!", "(a|b)*c", "((x*)y)+", "(?:a*){2,}"])
  func `a pattern that can take forever is refused`(pattern: String) {
    let step: [String: any Sendable] = [
      "type": "Split", "pattern": ["Regex": pattern], "behavior": "Isolated",
    ]
    let error = #expect(throws: CheckpointError.self) { try tokenizer(["a": 0], steps: [step]) }
    #expect(error?.description.contains("can take forever") ?? false)
  }

  @Test func `merges go by their first rank, and from left to right`() throws {
    let tokenizer = try tokenizer(
      ["a": 0, "b": 1, "aa": 2, "ab": 3], merges: [["a", "a"], ["a", "b"], ["a", "a"]])
    #expect(tokenizer.encode("aab") == [2, 1])
    #expect(tokenizer.encode("aaa") == [2, 0])
    #expect(tokenizer.encode("bab") == [1, 3])
  }

  @Test func `of special tokens the first in the text is taken, and the longest of those`() throws {
    let tokenizer = try tokenizer(["a": 0, "b": 1], added: ["<a": 4, "<a>": 5, ">": 6])
    #expect(tokenizer.encode("b<a>") == [1, 5])
    #expect(tokenizer.encode("<a<a>a>") == [4, 5, 0, 6])
    #expect(tokenizer.encode(">b<a>") == [6, 1, 5])
  }

  @Test(arguments: [nil, false, true] as [Bool?])
  func `digits stay together unless they are to be apart`(apart: Bool?) throws {
    var step: [String: any Sendable] = ["type": "Digits"]
    step["individual_digits"] = apart
    let tokenizer = try tokenizer(
      ["a": 0, "1": 1, "11": 2], merges: [["1", "1"]], steps: [step])
    #expect(tokenizer.encode("a11a") == (apart == true ? [0, 1, 1, 0] : [0, 2, 0]))
  }
}
