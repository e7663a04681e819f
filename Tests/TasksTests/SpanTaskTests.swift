import Engine
import Foundation
import Models
import Tasks
import TestSupport
import Testing

/// Names of the parts of prompts: from templates, files and lists.
@Suite struct SpanTaskTests {
  private let model: Transformer
  private let tokenizer: SubwordTokenizer

  init() throws {
    tokenizer = try wordTokenizer(
      [
        "Adam", "Alan", "Alice", "Amy", "Andrew", "Anna", "Carol", "book", "books", "farmer",
        "farmers", "is", "was", "has", "are", "were", "have", "near",
      ], start: "<s>")
    let bundled = Transformer.bundled()
    model = Transformer(
      name: "words", configuration: bundled.configuration, weights: bundled.weights,
      tokenizer: tokenizer)
  }

  /// The text of each part of a pair's prompt.
  private func parts(_ pair: PromptPair) throws -> [String: String] {
    var parts: [String: String] = [:]
    for (token, label) in zip(pair.clean, try #require(pair.labels)) {
      parts[label, default: ""] += tokenizer.decode([token])
    }
    return parts
  }

  @Test func `receiver and giver`() throws {
    for pair in try IndirectObject().pairs(count: 20, seed: 1, model: model) {
      let parts = try parts(pair)
      #expect(parts["IO"] == tokenizer.decode(pair.answers))
      #expect(parts["S1"] == tokenizer.decode(pair.wrongAnswers) && parts["S1"] == parts["S2"])
      let places = try ["S1", "S2", "end"].map { name in
        try #require(pair.labels?.lastIndex(of: name))
      }
      #expect(places[0] < places[1] && places[1] < places[2])
    }
  }

  @Test func `subject and attractor`() throws {
    for pair in try SubjectVerbAgreement().pairs(count: 20, seed: 1, model: model) {
      let parts = try parts(pair)
      #expect([" book", " books", " farmer", " farmers"].contains(parts["subject"] ?? ""))
      #expect(parts["preposition"]?.hasSuffix(" the") ?? false)
      #expect(pair.labels?.last == "attractor")
    }
  }

  private func read(_ line: String) throws -> [PromptPair] {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "t.jsonl")
      try Data(line.utf8).write(to: url)
      return try TaskFile.read(url, model: model).pairs
    }
  }

  @Test func `parts of a file's prompts`() throws {
    let pair = try read(
      """
      {"clean": " Amy is near Amy", "corrupted": " Anna is near Anna", "spans": {"first": "Amy", \
      "again": ["Amy", 2], "verb": [2, 2]}}
      """)[0]
    #expect(pair.labels == ["rest", "first", "verb", "rest", "again"])
    let tokens = try read(
      #"{"clean": [1, 2, 3], "corrupted": [1, 4, 3], "spans": {"middle": [1, 1]}}"#)[0]
    #expect(tokens.labels == ["rest", "middle", "end"])
    let listed = try read(
      #"{"clean": [1, 2], "corrupted": [1, 4], "labels": ["a", "b"]}"#)[0]
    #expect(listed.labels == ["a", "b"])
    #expect(try read(#"{"clean": [1], "corrupted": [2]}"#)[0].labels == nil)
  }

  @Test(arguments: [
    (#""spans": {"verb": "were"}"#, "expected a part of the clean prompt, found the span verb"),
    (#""spans": {"verb": [1, 9]}"#, "expected a part of the clean prompt, found the span verb"),
    (#""spans": {"verb": 7}"#, "the span verb should be a text"),
    (#""spans": "verb""#, "spans should be an object"),
    (#""labels": ["a"]"#, "expected one for each of 4 tokens, found 1 labels"),
    (#""labels": [1, 2]"#, "labels should be a list of texts"),
  ]) func `parts that are not there`(field: String, says: String) throws {
    let error = #expect(throws: TaskError.self) {
      try read(#"{"clean": " Amy is near", "corrupted": " Anna is near", "# + field + "}")
    }
    #expect(
      error?.description.contains(says) ?? false, "\(error.map(String.init(describing:)) ?? "")")
  }

  @Test func `lists of positions`() throws {
    let pairs = [
      PromptPair(clean: [1, 2, 3, 4], corrupted: [1, 5, 3, 4], answers: [1], wrongAnswers: [2]),
      PromptPair(clean: [1, 2, 3], corrupted: [1, 2, 6], answers: [1], wrongAnswers: [2]),
    ]
    let task = try CircuitTask(
      name: "t", pairs: pairs, metric: LogitDifference(), model: .bundled())
    let spans = { (text: String) in
      try PromptSpans(try #require(SpanChoice(text)), of: task)
    }
    let found = try spans("start=0;differs=changed;end=last")
    #expect(found.names == ["start", "differs", "rest", "end"])
    #expect(found.places == [[0, 1, 2, 3], [0, 2, 3]])
    #expect(try spans("positions").places == [[0, 1, 2, 3], [0, 1, 2]])
    for text in ["", "a", "a=", "=1", "a=1;a=2", "a=x"] { #expect(SpanChoice(text) == nil) }
    for text in ["labels", "positions", "a=0-2,last;b=changed"] {
      #expect(SpanChoice(text)?.description == text)
    }
    let error = #expect(throws: TaskError.self) { try spans("labels") }
    #expect(error == .noSpans(task: "t", pair: 1))
  }
}
