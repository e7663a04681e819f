import Engine
import Foundation
import Models
import Tasks
import TestSupport
import Testing

@Suite struct BuiltInTaskTests {
  @Test(.tags(.realModel), .enabled(if: RealModel.isThere))
  func `IOI prompts are what they should be`() throws {
    let model = try RealModel.model.get()
    let tokenizer = try #require(model.tokenizer)
    let pairs = try IndirectObject().pairs(count: 200, seed: 7, model: model)
    #expect(pairs.count == 200)
    var giverFirst = 0
    for pair in pairs {
      let (receiver, giver) = (pair.answers[0], pair.wrongAnswers[0])
      #expect(pair.answers.count == 1 && pair.wrongAnswers.count == 1 && receiver != giver)
      #expect(pair.clean.count == pair.corrupted.count)
      // The receiver is named once, the giver twice; neither in the corrupted prompt.
      #expect(pair.clean.filter { $0 == receiver }.count == 1)
      #expect(pair.clean.filter { $0 == giver }.count == 2)
      #expect(!pair.corrupted.contains(receiver) && !pair.corrupted.contains(giver))
      let changed = zip(pair.clean, pair.corrupted).filter { $0 != $1 }
      #expect(changed.count == 3 && Set(changed.map(\.1)).count == 3)
      let text = tokenizer.decode(pair.clean)
      #expect(!text.contains("{") && text.hasSuffix(" to"), "\(text)")
      if let first = pair.clean.firstIndex(of: giver),
        let other = pair.clean.firstIndex(of: receiver),
        first < other
      {
        giverFirst += 1
      }
    }
    // Both orders occur about equally often.
    #expect((60...140).contains(giverFirst))
    #expect(Set(pairs.map { tokenizer.decode($0.clean).prefix(4) }).count >= 6)
  }

  @Test func `induction repeats one token and changes one`() throws {
    let model = Transformer.bundled()
    for pair in try Induction().pairs(count: 100, seed: 1, model: model) {
      let last = try #require(pair.clean.last)
      let first = try #require(pair.clean.firstIndex(of: last))
      // What is repeated has two tokens after it at least, and one before.
      #expect((1..<7).contains(first) && pair.wrongAnswers != [last])
      #expect(pair.answers == [pair.clean[first + 1]])
      #expect(pair.answers != pair.wrongAnswers && pair.clean.contains(pair.wrongAnswers[0]))
      #expect(pair.clean.indices.filter { pair.clean[$0] != pair.corrupted[$0] } == [first])
    }
  }

  @Test func `the same seed gives the same prompts`() throws {
    let model = Transformer.bundled()
    let make = { (seed: UInt64) in try Induction().pairs(count: 20, seed: seed, model: model) }
    #expect(try make(3) == make(3))
    #expect(try make(3) != make(4))
  }

  @Test func `models that cannot be asked are told why`() throws {
    let error = #expect(throws: TaskError.self) {
      try IndirectObject().pairs(count: 1, seed: 0, model: .bundled())
    }
    #expect(error == .noTokenizer(task: "ioi"))
    // A tokenizer without one-token names.
    let tokenizer = try SubwordTokenizer(json: fixtures.appending(path: "tokenizers/gpt2.json"))
    let bundled = Transformer.bundled()
    let model = Transformer(
      name: "small", configuration: bundled.configuration, weights: bundled.weights,
      tokenizer: tokenizer)
    let unsuitable = #expect(throws: TaskError.self) {
      try IndirectObject().pairs(count: 1, seed: 0, model: model)
    }
    #expect(unsuitable?.description.contains("names are one token each") ?? false)
    #expect(throws: TaskError.self) { try BuiltInTasks.named("odd") }
  }

  @Test(.tags(.realModel), .enabled(if: RealModel.isThere))
  func `greater-than asks for later decades where digits are split`() throws {
    let model = try RealModel.model.get()
    let tokenizer = try #require(model.tokenizer)
    for pair in try GreaterThan().pairs(count: 60, seed: 2, model: model) {
      let text = tokenizer.decode(pair.clean)
      let years = text.split(separator: " ").compactMap { Int($0) }
      #expect(years.count == 2 && years[0] / 100 == years[1], "\(text)")
      let decade = Int32(years[0] / 10 % 10)
      let digits = { (tokens: [Int32]) in tokens.compactMap { Int32(tokenizer.decode([$0])) } }
      #expect(digits(pair.answers) == Array((decade + 1)...9))
      #expect(digits(pair.wrongAnswers) == Array(0..<decade))
      #expect(tokenizer.decode(pair.corrupted).contains("01 to the year"))
    }
  }

  @Test(.tags(.realModel), .enabled(if: RealModel.isThere))
  func `docstrings ask for the third parameter`() throws {
    let model = try RealModel.model.get()
    let tokenizer = try #require(model.tokenizer)
    for pair in try Docstring().pairs(count: 30, seed: 2, model: model) {
      let text = tokenizer.decode(pair.clean)
      let names = text.split(separator: "(self, ")[1].split(separator: "):")[0].split(
        separator: ", ")
      #expect(names.count == 4 && text.hasSuffix(":param"), "\(text)")
      #expect(tokenizer.decode(pair.answers) == " " + names[2])
      #expect(
        pair.wrongAnswers.map { tokenizer.decode([$0]) } == [0, 1, 3].map { " " + names[$0] })
      #expect(
        text.contains(":param \(names[1]):")
          && !tokenizer.decode(pair.corrupted).contains(" \(names[1]):"))
    }
  }

  @Test(.tags(.realModel), .enabled(if: RealModel.isThere))
  func `subjects and pronouns are turned round`() throws {
    let model = try RealModel.model.get()
    let tokenizer = try #require(model.tokenizer)
    for pair in try SubjectVerbAgreement().pairs(count: 60, seed: 2, model: model) {
      let subjects = [pair.clean, pair.corrupted].map {
        tokenizer.decode($0).split(separator: " ")[1]
      }
      let isPlural = subjects[0] == subjects[1] + "s"
      #expect(isPlural || subjects[1] == subjects[0] + "s")
      #expect(tokenizer.decode([pair.answers[0]]) == (isPlural ? " are" : " is"))
      #expect(zip(pair.clean, pair.corrupted).count { $0 != $1 } == 1)
    }
    for pair in try GenderedPronoun().pairs(count: 60, seed: 2, model: model) {
      let pronouns = [pair.answers, pair.wrongAnswers].map(tokenizer.decode)
      #expect(Set(pronouns) == [" he", " she"])
      #expect(zip(pair.clean, pair.corrupted).count { $0 != $1 } == 1)
    }
  }

  @Test(
    .tags(.realModel), .enabled(if: RealModel.isThere), arguments: BuiltInTasks.all.map(\.name))
  func `every task says what it is, and its longer list starts with the shorter`(name: String)
    throws
  {
    let task = try BuiltInTasks.named(name)
    let model = try RealModel.model.get()
    let pairs = try task.pairs(count: 12, seed: 5, model: model)
    #expect(try task.pairs(count: 20, seed: 5, model: model).prefix(12) == pairs[...])
    #expect(!task.summary.isEmpty && !task.doneBy.isEmpty)
    _ = try Metrics.named(task.metricName)
  }

  /// A tokenizer like GPT-2's: centuries and years are two digits each, but " 1700" and " 1776" are one token.
  private func pairsOfDigits() throws -> SubwordTokenizer {
    let file = fixtures.appending(path: "tokenizers/gpt2.json")
    var json = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    var model = try #require(json["model"] as? [String: Any])
    let known = try #require(model["vocab"] as? [String: Int])
    var vocabulary = known.filter { $0.key.count == 1 }
    var merges: [[String]] = []
    let join = { (left: String, right: String) in
      merges.append([left, right])
      vocabulary[left + right] = 1000 + merges.count
    }
    join("Ġ", "1")
    for digit in 1...8 { join("Ġ1", "\(digit)") }
    for number in 0..<100 { join("\(number / 10)", "\(number % 10)") }
    join("Ġ17", "00")
    join("Ġ17", "76")
    (model["vocab"], model["merges"], json["model"]) = (vocabulary, merges, nil)
    json["model"] = model
    json["added_tokens"] = nil
    return try withTemporaryDirectory { directory in
      let url = directory.appending(path: "tokenizer.json")
      try JSONSerialization.data(withJSONObject: json).write(to: url)
      return try SubwordTokenizer(json: url)
    }
  }

  @Test func `greater-than asks for later years where digits are in pairs`() throws {
    let bundled = Transformer.bundled()
    let tokenizer = try pairsOfDigits()
    let model = Transformer(
      name: "pairs", configuration: bundled.configuration, weights: bundled.weights,
      tokenizer: tokenizer)
    for pair in try GreaterThan().pairs(count: 300, seed: 4, model: model) {
      let text = tokenizer.decode(pair.clean)
      let years = text.split(separator: " ").compactMap { Int($0) }
      let year = Int32(years[0] % 100)
      #expect(years[0] != 1700 && years[0] != 1776 && (2...98).contains(year), "\(text)")
      let told = [pair.answers, pair.wrongAnswers].map { tokens in
        tokens.compactMap { Int32(tokenizer.decode([$0])) }
      }
      let usable = (0...99 as ClosedRange<Int32>).filter { years[1] != 17 || $0 != 0 && $0 != 76 }
      #expect(told[0] == usable.filter { $0 > year } && told[1] == usable.filter { $0 <= year })
    }
  }
}
