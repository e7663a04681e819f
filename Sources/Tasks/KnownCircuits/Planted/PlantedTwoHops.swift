import Graphs
import Engine
import Models

/// Two hops: from the last token to what followed it before, and from there to what followed that.
///
/// The corrupted prompt has other tokens everywhere, so every edge that carries tokens matters.
struct PlantedTwoHops: PlantedCircuit {
  static let slotCount = 3
  static let depths = [0, 1, 1]
  let name = "planted-two-hops"
  let summary = "induction twice, the second from what the first found: … A B C … A → C"

  static func write(
    with writer: inout CircuitWriter, at places: [(layer: Int, index: Int)]
  ) -> [Edge] {
    let (previous, hop, next) = (2, 3, 4)
    writer.writePrevious(places[0], into: previous)
    writer.writeLookup(places[1], of: CircuitWriter.token, among: previous, into: hop)
    writer.writeLookup(places[2], of: hop, among: previous, into: next)
    let heads = places.map { Writer.head(layer: $0.layer, index: $0.index) }
    return [
      Edge(.input, .head(heads[0], .value)), Edge(.input, .head(heads[1], .query)),
      Edge(heads[0], .head(heads[1], .key)), Edge(.input, .head(heads[1], .value)),
      Edge(heads[1], .head(heads[2], .query)), Edge(heads[0], .head(heads[2], .key)),
      Edge(.input, .head(heads[2], .value)), Edge(heads[2], .logits),
    ]
  }

  func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair] {
    var prompts = PlantedPrompts(seed: seed, model)
    return (0..<count).map { _ in
      let (length, place) = (9, prompts.place(0..<5))
      let (clean, corrupted) = (prompts.tokens(length), prompts.tokens(length))
      let closed = { (tokens: [Int32]) in tokens + [tokens[place]] }
      // Another token of the prompt is the wrong answer.
      let wrong = (place + 3 + prompts.place(0..<6)) % length
      return PromptPair(
        clean: closed(clean), corrupted: closed(corrupted), answers: [clean[place + 2]],
        wrongAnswers: [clean[wrong]])
    }
  }
}
