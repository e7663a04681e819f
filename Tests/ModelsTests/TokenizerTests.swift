import Foundation
import Models
import TestSupport
import Testing

@Suite struct TokenizerTests {
  private struct Pair: Decodable {
    let text: String
    let ids: [Int32]
  }

  @Test(.tags(.realModel), .enabled(if: RealModel.isThere))
  func `SmolLM2's tokenizer gives the reference's tokens and the text back`() throws {
    let tokenizer = try #require(try RealModel.model.get().tokenizer)
    let data = try Data(contentsOf: fixtures.appending(path: "smollm2-135m/tokenizer.json"))
    let pairs = try JSONDecoder().decode([Pair].self, from: data)
    #expect(pairs.count == 400)
    for pair in pairs {
      #expect(tokenizer.encode(pair.text) == pair.ids, "\(pair.text.debugDescription)")
      #expect(tokenizer.decode(pair.ids) == pair.text, "\(pair.ids)")
    }
  }
}
