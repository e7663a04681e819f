import Graphs
import Engine
import Models

/// Two mechanisms: the last token says which of two paths answers, and the other one is silent.
///
/// After the first mark one head copies the first token to the end; after the second, one head copies the second token to
/// the third position and another one takes it from there. A head that is not asked looks at the mark, of which it copies
/// nothing.
struct PlantedTwoWays: PlantedCircuit {
  static let slotCount = 2
  static let depths = [0, 0, 1]
  let name = "planted-two-ways"
  let summary = "one head or two in a row, as the last token says: A B … 0 → A, A B … 1 → B"

  /// The tokens that ask for the first and for the second path.
  static let marks: [Int32] = [0, 1]

  static func write(
    with writer: inout CircuitWriter, at places: [(layer: Int, index: Int)]
  ) -> [Edge] {
    let (relay, answer) = (2, 3)
    let marks = marks.map(Int.init)
    // Tokens, but for the marks, which no head carries.
    let words = (0..<writer.size).filter { !marks.contains($0) }.flatMap {
      writer.one(CircuitWriter.token, $0, element: $0)
    }
    // Looks at a position after one mark, at the mark itself after the other.
    let asked = { (writer: CircuitWriter, way: Int, position: Int) in
      (
        query: writer.one(CircuitWriter.token, marks[way], element: 0)
          + writer.one(CircuitWriter.token, marks[1 - way], element: 1),
        key: writer.one(CircuitWriter.position, position, element: 0)
          + writer.one(CircuitWriter.token, marks[1 - way], element: 1)
      )
    }
    // At the end the relay looks at the mark, too, so that there is nothing to take from there.
    let mark = marks.flatMap { writer.one(CircuitWriter.token, $0, element: 1) }
    let direct = asked(writer, 0, 0)
    writer.write(
      places[0], query: direct.query, key: direct.key, value: words, output: writer.all(answer))
    writer.write(
      places[1], query: writer.one(CircuitWriter.position, 2) + mark,
      key: writer.one(CircuitWriter.position, 1) + mark, value: words, output: writer.all(relay))
    let second = asked(writer, 1, 2)
    writer.write(
      places[2], query: second.query, key: second.key, value: writer.all(relay),
      output: writer.all(answer))
    let heads = places.map { Writer.head(layer: $0.layer, index: $0.index) }
    return [
      Edge(.input, .head(heads[0], .value)), Edge(heads[0], .logits),
      Edge(.input, .head(heads[1], .value)), Edge(heads[1], .head(heads[2], .value)),
      Edge(heads[2], .logits),
    ]
  }

  func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair] {
    var prompts = PlantedPrompts(seed: seed, model)
    return (0..<count).map { _ in
      let way = prompts.place(0..<2)
      let tokens = prompts.tokens(9, without: Self.marks)
      // Both copied tokens differ, so that which path is used is seen from the answer only.
      return PromptPair(
        clean: Array(tokens[..<7]) + [Self.marks[way]],
        corrupted: Array(tokens[7...]) + tokens[2..<7] + [Self.marks[way]], answers: [tokens[way]],
        wrongAnswers: [tokens[7 + way]])
    }
  }
}
