import Engine
import Foundation
import Models
import Tasks
import TestSupport
import Testing

/// The tasks of words on a tokenizer that knows a few of them: who is asked for, and what is changed.
@Suite struct WordTaskTests {
  private static let names = ["Adam", "Alan", "Alice", "Amy", "Andrew", "Anna", "Carol"]
  private static let parameters = [
    "file", "name", "value", "index", "count", "size", "path", "line", "text", "node", "user",
  ]
  private static let others = [
    "load", "send", "water", "house", "light", "music", "garden", "paper", "river", "stone", "she",
    "he", "key", "keys", "book", "books", "farmer", "farmers", "is", "was", "has", "are", "were",
    "have",
  ]

  private let tokenizer: SubwordTokenizer
  private let model: Transformer

  init() throws {
    tokenizer = try wordTokenizer(Self.names + Self.parameters + Self.others, start: "<s>")
    let bundled = Transformer.bundled()
    model = Transformer(
      name: "words", configuration: bundled.configuration, weights: bundled.weights,
      tokenizer: tokenizer)
  }

  /// The texts of 40 pairs and their answers, after checking what all tasks have in common.
  private func pairs(
    _ task: some BuiltInTask
  ) throws -> [(clean: String, corrupted: String, answers: [String], wrong: [String])] {
    let start = try #require(tokenizer.startToken)
    return try task.pairs(count: 40, seed: 3, model: model).map { pair in
      #expect(pair.clean.first == start && pair.corrupted.first == start)
      #expect(pair.clean.dropFirst().allSatisfy { $0 != start })
      let words = { (tokens: [Int32]) in
        tokens.map { tokenizer.decode([$0]).trimmingCharacters(in: .whitespaces) }
      }
      return (
        tokenizer.decode(pair.clean.dropFirst()), tokenizer.decode(pair.corrupted.dropFirst()),
        words(pair.answers), words(pair.wrongAnswers)
      )
    }
  }

  private func names(in text: String) -> [String] {
    text.split { !$0.isLetter }.map(String.init).filter(Self.names.contains)
  }

  @Test func `the receiver is named once and the giver twice`() throws {
    var orders: Set<Bool> = []
    for pair in try pairs(IndirectObject()) {
      let (clean, corrupted) = (names(in: pair.clean), names(in: pair.corrupted))
      #expect(clean.count == 3 && Set(clean).count == 2)
      #expect(pair.wrong == [clean[2]])
      #expect(pair.answers == clean.prefix(2).filter { $0 != clean[2] })
      #expect(corrupted.count == 3 && Set(corrupted + clean).count == 5)
      orders.insert(clean[0] == clean[2])
    }
    #expect(orders.count == 2)
  }

  @Test func `the third parameter is next, and the other three are wrong`() throws {
    for pair in try pairs(Docstring()) {
      let parameters = { (text: String) in
        text.split(separator: "(self, ")[1].split(separator: "):")[0].split(separator: ", ")
          .map(String.init)
      }
      let (clean, corrupted) = (parameters(pair.clean), parameters(pair.corrupted))
      #expect(clean.count == 4 && Set(clean + corrupted).count == 8)
      #expect(pair.answers == [clean[2]] && pair.wrong == [clean[0], clean[1], clean[3]])
      let described = { (text: String) in
        text.split(separator: ":param ").dropFirst().compactMap { $0.split(separator: ":").first }
          .map(String.init)
      }
      #expect(described(pair.clean).prefix(2) == clean[..<2])
      #expect(Set(described(pair.corrupted).prefix(2) + clean + corrupted).count == 10)
    }
  }

  @Test func `verbs are of the subject's number`() throws {
    let verbs = (one: ["is", "was", "has"], many: ["are", "were", "have"])
    var numbers: Set<Bool> = []
    for pair in try pairs(SubjectVerbAgreement()) {
      let subjects = [pair.clean, pair.corrupted].map { $0.split(separator: " ")[1] }
      let isPlural = subjects[0] == subjects[1] + "s"
      #expect(isPlural || subjects[1] == subjects[0] + "s")
      #expect(pair.answers == (isPlural ? verbs.many : verbs.one))
      #expect(pair.wrong == (isPlural ? verbs.one : verbs.many))
      numbers.insert(isPlural)
    }
    #expect(numbers.count == 2)
  }

  @Test func `pronouns are of the one who is named`() throws {
    let men = ["Adam", "Alan", "Andrew"]
    var answers: Set<String> = []
    for pair in try pairs(GenderedPronoun()) {
      let people = [pair.clean, pair.corrupted].map { names(in: $0) }
      #expect(people.allSatisfy { $0.count == 1 })
      let areMen = people.map { men.contains($0[0]) }
      #expect(areMen[0] != areMen[1])
      #expect(pair.answers == [areMen[0] ? "he" : "she"])
      #expect(pair.wrong == [areMen[1] ? "he" : "she"])
      answers.formUnion(pair.answers)
    }
    #expect(answers.count == 2)
  }
}
