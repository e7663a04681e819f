import Engine
import Files
import Foundation
import Models
import Tasks
import TestSupport
import Testing

/// Files of prompts as people have them.
@Suite struct TaskFormatTests {
  private let model: Transformer
  private let tokenizer: any Tokenizer
  private let cases = fixtures.appending(path: "cases")

  init() throws {
    tokenizer = try wordTokenizer(["are", "is", "Mary", "John", "has", "have", "grass", "mice"])
    let bundled = Transformer.bundled()
    model = Transformer(
      name: "text", configuration: bundled.configuration, weights: bundled.weights,
      tokenizer: tokenizer)
  }

  private func read(_ path: String, _ reading: TaskFile.Reading = .init()) throws
    -> TaskFile.Contents
  {
    try TaskFile.read(cases.appending(path: path), model: model, reading: reading)
  }

  private func read(_ data: Data) throws -> TaskFile.Contents {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "prompts")
      try data.write(to: url)
      return try TaskFile.read(
        url, model: model, reading: TaskFile.Reading(skipsUnusable: true))
    }
  }

  private func pair(_ clean: String, _ corrupted: String, _ right: String, _ wrong: String)
    -> PromptPair
  {
    PromptPair(
      clean: tokenizer.encode(clean), corrupted: tokenizer.encode(corrupted),
      answers: tokenizer.encode(right), wrongAnswers: tokenizer.encode(wrong))
  }

  @Test(arguments: ["UPPER.CSV", "tabs.tsv", "semicolon.csv"])
  func `tables are the same pair`(name: String) throws {
    // The prompts differ in length for a tokenizer of letters.
    var lines = try String(contentsOf: cases.appending(path: "tasks/" + name), encoding: .utf8)
    for separator in [",", ";", "\t"] {
      lines = lines.replacing("The key\(separator)", with: "The keyx\(separator)")
    }
    let pairs = try read(Data(lines.utf8)).pairs
    #expect(pairs == [pair("The keys", "The keyx", " are", " is")])
  }

  @Test func `JSON in a list, with a byte-order mark, and in UTF-16`() throws {
    let text =
      #"{"clean": "a b", "corrupted": "a c", "answers": [" Mary"], "wrong_answers": " John"}"#
    let expected = [pair("a b", "a c", " Mary", " John")]
    let utf16 = try #require(text.data(using: .utf16))
    for data in [
      Data(text.utf8), Data("[\(text)]".utf8), Data("\u{FEFF}\(text)\r\n".utf8), utf16,
      Data(text.replacing(",", with: ",\n  ").utf8),
    ] {
      #expect(try read(data).pairs == expected)
    }
    #expect(try read(Data("[\(text), \(text)]".utf8)).pairs == expected + expected)
    #expect(try read(Data("\(text)\n\n\(text)".utf8)).numbers == [1, 2])
  }

  @Test(arguments: ["array.json", "bom.jsonl"]) func `lists and marks`(name: String) throws {
    // The prompts differ in length for a tokenizer of letters.
    let error = #expect(throws: TaskError.self) {
      try read("tasks/" + name, .init(skipsUnusable: true))
    }
    #expect(error?.description.contains("of unequal lengths") ?? false)
  }

  /// What gzip wrote, with its name and stored, fixed and dynamic blocks.
  @Test(arguments: [1, 6, 9]) func `gzip`(level: Int) throws {
    let text = (0..<300).map { #"{"clean": "a \#($0 % 7)", "corrupted": "b \#($0 % 7)"}"# + "\n" }
      .joined()
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "t.jsonl")
      try Data(text.utf8).write(to: url)
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["gzip", "-k", "-\(level)", url.path]
      try process.run()
      process.waitUntilExit()
      let data = try Data(contentsOf: url.appendingPathExtension("gz"))
      #expect(try Gzip.expanded(data) == Data(text.utf8))
      #expect(try Gzip.expanded(data + data) == Data((text + text).utf8))
      #expect(try read(data).pairs.count == 300)
      for end in 2..<data.count {
        #expect(throws: Gzip.Problem.self) { try Gzip.expanded(data.prefix(end)) }
      }
      #expect(throws: Gzip.Problem.self) { try Gzip.expanded(data, limit: text.utf8.count - 1) }
      var changed = data
      changed[data.count - 6] ^= 1
      #expect(throws: Gzip.Problem.self) { try Gzip.expanded(changed) }
    }
  }

  @Test(arguments: ["quotes_newlines.csv", "crlf.csv"])
  func `a table holds the same text as JSON`(name: String) throws {
    let data = try Data(contentsOf: cases.appending(path: "tasks/" + name))
    // This tokenizer has no carriage return.
    let table =
      name == "crlf.csv"
      ? "The keys, and\nthe table" : "\"What do cows eat?\", Max asked.\nThey eat"
    // Prompts of one length for a tokenizer of letters.
    let text = String(decoding: data, as: UTF8.self).replacing(
      "The key, and", with: "The keyx, and")
    let pairs = try read(Data(text.utf8)).pairs
    #expect(pairs.count == 1)
    #expect(pairs.first.map { tokenizer.decode($0.clean) } == table)
  }

  @Test func `what begins with a bracket and is no list is text`() throws {
    let pairs = try read(
      Data("clean,corrupted\n[INST] a [/INST],[INST] b [/INST]\n[1],[2]\n".utf8)
    ).pairs
    #expect(pairs.count == 2)
    #expect(tokenizer.decode(pairs[0].clean) == "[INST] a [/INST]")
    #expect(pairs[1].clean == [1])
    let error = #expect(throws: TaskError.self) { try read("tasks/inst.csv") }
    guard case .lengthsDiffer(pair: 1, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `spaces of a cell are kept`() throws {
    let pairs = try read(Data("clean,corrupted,answers\na,b, Mary\n".utf8)).pairs
    #expect(pairs.first?.answers == tokenizer.encode(" Mary"))
  }

  static let faults: [(text: String, says: String)] = [
    ("clean,corrupted\na,b\"c\n", "record 1: a quote stands inside"),
    ("clean,corrupted\n\"a\"b,c\n", "record 1: something follows a cell's closing quote"),
    ("clean,corrupted\na,b\na,b,c\n", "record 2: expected 2 cells, found 3"),
    ("clean,corrupted,answers\na,b\n", "record 1: expected 3 cells, found 2"),
    (
      "clean,corrupted,clean\na,b,c\n", "record 0 (the header): the column \"clean\" is there twice"
    ),
    ("clean,corrupted\na,b\n\n", "record 2: the line is empty"),
    ("clean,corrupted\na,\"b\n", "record 1: a cell's quotes are not closed"),
    ("prompt,answer\na,b\n", "found the columns answer, prompt"),
    (#"{"prompt": "a", "target": "b"}"#, "found the keys prompt, target"),
    (
      #"{"clean": "a", "corrupted": "b"} {"clean": "a"}"#,
      "record 2: expected corrupted, found the key clean"
    ),
    (
      #"{"clean": "a", "corrupted": {"x": 1}}"#,
      "corrupted should be a text or a list of token ids, found an object with x"
    ),
    ("clean,corrupted,correct_idx\na,b,c\n", "correct_idx should be a token id or a list of them"),
    (
      #"{"prompt": "a", "choices": ["x"], "answerKey": 1, "a_counterfactual": {"prompt": "b"}}"#,
      "answerKey the place of one of these 1"
    ),
    (
      #"{"clean": "a <predict>1", "corrupted": "b"}"#,
      "clean should be a text with an answer between"
    ),
    ("\u{FF}\u{0}", "found the column"),
  ]

  @Test(arguments: faults.indices) func `what is wrong is said once`(index: Int) throws {
    let (text, says) = Self.faults[index]
    let error = #expect(throws: TaskError.self, "\(text)") { try read(Data(text.utf8)) }
    #expect(error?.description.contains(says) ?? false, "\(text): \(error?.description ?? "")")
  }

  @Test func `bytes that are no text are refused`() {
    for bytes: [UInt8] in [
      [0xFF, 0x41, 0x42], [0x7B, 0xFF], [0xFF, 0xFE, 0x00, 0xD8], [0x1F, 0x8B, 0],
    ] {
      #expect(throws: TaskError.self) { try read(Data(bytes)) }
    }
  }

  @Test func `records of other tools`() throws {
    let text = { (path: String) in
      try String(contentsOf: cases.appending(path: path), encoding: .utf8)
    }
    // Feature circuits, in a file that ends in .json.
    let features = try read(
      Data(try text("public/sva_simple.json").replacing("The uncles", with: "The uncla").utf8))
    #expect(features.pairs.first == pair("The uncle", "The uncla", " has", " have"))
    #expect(features.skipped.contains { $0.reason == "of unequal lengths" })
    // MIB: the counterfactual's answer is the wrong one, and a space stands before both.
    let mib = try read("tasks/mib_ioi.jsonl")
    #expect(mib.pairs.first?.answers == tokenizer.encode(" Mary"))
    #expect(mib.pairs.first?.wrongAnswers == tokenizer.encode(" John"))
    // Edge Pruning: the tag is the answer and no part of the prompt.
    let pruning = try read("tasks/edge_pruning_custom.jsonl")
    #expect(pruning.pairs.first == pair("1 + 2 = ", "1 + 3 = ", "3", "4"))
    #expect(pruning.pairs.count == 3 && pruning.notes.contains { $0.contains("ends in a space") })
  }

  @Test func `lists of ids in a table`() throws {
    let pairs = try read("public/token_lists.csv").pairs
    #expect(pairs.count == 7)
    #expect(pairs[0].clean.count == 39 && pairs[0].answers == [1501])
    #expect(pairs[0].wrongAnswers.count == 19 && pairs[0].wrongAnswers[0] == 2956)
    let idx = try read(Data("clean,corrupted,correct_idx,incorrect_idx\na,b,7,\"[8, 9]\"\n".utf8))
    #expect(idx.pairs.first?.answers == [7] && idx.pairs.first?.wrongAnswers == [8, 9])
    #expect(idx.notes.isEmpty)
    let digits = try read(Data("clean,corrupted,answers,wrong_answers\na,b,7,8\n".utf8))
    #expect(digits.pairs.first?.answers == tokenizer.encode("7"))
    #expect(digits.notes.contains { $0.contains("read as text") })
  }

  @Test func `a label alone is no answer`() throws {
    let url = cases.appending(path: "public/greater_than.csv")
    #expect(try read("public/greater_than.csv").pairs.allSatisfy(\.answers.isEmpty))
    let error = #expect(throws: TaskError.self) {
      try TaskFile.read(url, model: model, metric: LogitDifference())
    }
    #expect(error?.description.contains("the columns clean, corrupted, label only") ?? false)
  }

  @Test func `answers for each position are refused by name`() {
    let error = #expect(throws: TaskError.self) { try read("tasks/per_position_answers.json") }
    #expect(error?.description.contains("one for each position, which are not read") ?? false)
  }
}
