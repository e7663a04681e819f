import Engine
import Foundation
import Models
import Tasks
import TestSupport
import Testing

@Suite struct TaskFileTests {
  private func read(
    _ text: String, as name: String, skipsUnequal: Bool = false,
    model: Transformer = .bundled()
  ) throws -> TaskFile.Contents {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: name)
      try Data(text.utf8).write(to: url)
      return try TaskFile.read(
        url, model: model, reading: TaskFile.Reading(skipsUnusable: skipsUnequal))
    }
  }

  private let expected = [
    PromptPair(clean: [1, 2], corrupted: [3, 2], answers: [4], wrongAnswers: [5, 6]),
    PromptPair(clean: [7], corrupted: [8], answers: [9], wrongAnswers: []),
  ]

  @Test func `all formats hold the same pairs`() throws {
    let lines = """
      {"clean": [1, 2], "corrupted": [3, 2], "answers": [4], "wrong_answers": [5, 6]}

      {"clean": [7], "corrupted": [8], "answers": 9}
      """
    #expect(try read(lines, as: "t.jsonl").pairs == expected)
    let windows = lines.replacing("\n", with: "\r\n")
    #expect(try read(windows, as: "t.jsonl").pairs == expected)
    let csv = """
      clean,corrupted,answers,wrong_answers
      "[1, 2]","[3, 2]",[4],"[5, 6]"
      [7],[8],[9],
      """
    #expect(try read(csv, as: "t.csv").pairs == expected)
    #expect(try read("\u{FEFF}" + csv, as: "t.csv").pairs == expected)
    let json = """
      {"seq_labels": [], "word_idxs": {}, "prompts": [
        {"clean": [1, 2], "corrupt": [3, 2], "answers": [4], "wrong_answers": [5, 6]},
        {"clean": [7], "corrupted": [8], "answers": [9], "wrong_answers": []}]}
      """
    #expect(try read(json, as: "t.json").pairs == expected)
  }

  @Test(.tags(.realModel), .enabled(if: RealModel.isThere))
  func `text becomes tokens`() throws {
    let model = try RealModel.model.get()
    let tokenizer = try #require(model.tokenizer)
    let pairs = try read(
      """
      clean,corrupted,answers,wrong_answers
      "The capital, of France is","The capital, of Poland is"," Paris","["" Rome"", "" London""]"
      """, as: "t.csv", model: model
    ).pairs
    #expect(pairs.count == 1)
    #expect(pairs[0].clean == tokenizer.encode("The capital, of France is"))
    #expect(tokenizer.decode(pairs[0].answers) == " Paris")
    #expect(tokenizer.decode(pairs[0].wrongAnswers) == " Rome London")
    let error = #expect(throws: TaskError.self) {
      try read(
        #"{"clean": "a", "corrupted": "b", "answers": [" antidisestablishment"]}"#, as: "t.jsonl",
        model: model)
    }
    guard case .answerNotOneToken(pair: 1, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `text gets the start token, answers and token ids do not`() throws {
    let bundled = Transformer.bundled()
    let model = Transformer(
      name: "text", configuration: bundled.configuration, weights: bundled.weights,
      tokenizer: try wordTokenizer(["cat", "dog"], start: "<s>"))
    let tokenizer = try #require(model.tokenizer)
    let start = try #require(tokenizer.startToken)
    let pairs = try read(
      #"""
      {"clean": "a cat", "corrupted": "a dog", "answers": [" cat"]}
      {"clean": [1, 2], "corrupted": [2, 1]}
      """#, as: "t.jsonl", model: model
    ).pairs
    #expect(pairs[0].clean == [start] + tokenizer.encode("a") + tokenizer.encode(" cat"))
    #expect(pairs[0].answers == tokenizer.encode(" cat") && pairs[0].answers.count == 1)
    #expect(pairs[1].clean == [1, 2])
  }

  @Test func `unequal pairs are refused by number or left out`() throws {
    let lines = """
      {"clean": [1, 2], "corrupted": [3, 2], "answers": [4], "wrong_answers": [5]}
      {"clean": [1, 2], "corrupted": [3], "answers": [4], "wrong_answers": [5]}
      """
    #expect(throws: TaskError.lengthsDiffer(pair: 2, clean: 2, corrupted: 1)) {
      try read(lines, as: "t.jsonl")
    }
    let contents = try read(lines, as: "t.jsonl", skipsUnequal: true)
    #expect(contents.pairs.count == 1 && contents.skippedCount == 1 && contents.numbers == [1])
    // Errors about what is left call pairs as the file does.
    #expect(
      throws: TaskError.missingAnswers(pair: 7, field: "wrong_answers", metric: "logit-difference")
    ) {
      try CircuitTask(
        name: "t", pairs: [expected[1]], metric: LogitDifference(), model: .bundled(), numbers: [7])
    }
  }

  static let faults: [(name: String, text: String, says: String)] = [
    ("t.txt", "x", "the header): expected clean and corrupted"),
    ("t.jsonl", "{}", "record 1: expected clean and corrupted"),
    ("t.jsonl", "{not json", "record 1"),
    (
      "t.jsonl", "\n{\"clean\": [1], \"corrupted\": [2]}\n  \n\n{not json",
      "record 2: line 5: expected a key"
    ),
    ("t.jsonl", #"{"clean": [1], "corrupted": [2], "answers": {"a": 1}}"#, "record 1"),
    ("t.jsonl", #"{"clean": [1e99], "corrupted": [2]}"#, "record 1"),
    ("t.jsonl", #"{"clean": "text", "corrupted": "text"}"#, "the model has no tokenizer"),
    ("t.jsonl", #"{"clean": [], "corrupted": []}"#, "a prompt has no tokens"),
    ("t.json", "[1]", "record 1: expected an object with keys, found a number"),
    ("t.json", #"{"prompts": [{"clean": [1]}]}"#, "record 1"),
    ("t.csv", "a,b\n1,2\n", "found the columns a, b"),
    ("t.csv", "clean,corrupted\n[1,[2]\n", "the model has no tokenizer"),
    (
      "t.jsonl", #"{"clean": [1], "corrupted": [2], "answers": [[1, 2]]}"#,
      "the answer \"[1, 2]\" is 2 tokens"
    ),
  ]

  @Test(arguments: faults.indices) func `a fault gives its own error`(index: Int) throws {
    let (name, text, says) = Self.faults[index]
    let error = #expect(throws: TaskError.self, "\(text)") { try read(text, as: name) }
    #expect(error?.description.contains(says) ?? false, "\(text): \(error?.description ?? "")")
  }

  @Test func `pairs that the model or metric cannot take`() throws {
    let model = Transformer.bundled()
    let make = { (pairs: [PromptPair]) in
      try CircuitTask(name: "t", pairs: pairs, metric: LogitDifference(), model: model)
    }
    let pair = { (tokens: [Int32], answers: [Int32], wrong: [Int32]) in
      PromptPair(clean: tokens, corrupted: tokens, answers: answers, wrongAnswers: wrong)
    }
    #expect(throws: TaskError.empty(task: "t")) { try make([]) }
    #expect(throws: TaskError.unknownToken(24, pair: 2, vocabularySize: 24)) {
      try make([pair([1], [2], [3]), pair([24], [2], [3])])
    }
    #expect(throws: TaskError.unknownToken(-1, pair: 1, vocabularySize: 24)) {
      try make([pair([1], [-1], [3])])
    }
    #expect(throws: TaskError.contradictoryAnswers(pair: 1, token: 3)) {
      try make([pair([1], [2, 3], [3])])
    }
    #expect(throws: TaskError.promptTooLong(pair: 1, length: 25, limit: 24)) {
      try make([pair([Int32](repeating: 0, count: 25), [1], [2])])
    }
    #expect(try make([pair([Int32](repeating: 0, count: 24), [1], [2])]).pairs.count == 1)
    #expect(
      throws: TaskError.missingAnswers(pair: 1, field: "wrong_answers", metric: "logit-difference")
    ) { try make([pair([1], [2], [])]) }
    #expect(try read("", as: "t.jsonl").pairs.isEmpty)
  }
}
