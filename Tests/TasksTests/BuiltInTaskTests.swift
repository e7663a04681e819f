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
    let tokenizer = try Tokenizer(json: fixtures.appending(path: "tokenizers/gpt2.json"))
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
}
