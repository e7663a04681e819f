import Graphs
import Engine
import Models

/// Copying: the last position repeats the first token, by one head.
struct PlantedCopy: PlantedCircuit {
  static let slotCount = 1
  static let depths = [0]
  let name = "planted-copy"
  let summary = "one head copies the first token to the end: A … → A"

  static func write(
    with writer: inout CircuitWriter, at places: [(layer: Int, index: Int)]
  ) -> [Edge] {
    let head = places[0]
    writer.write(
      head, query: writer.any(CircuitWriter.position), key: writer.one(CircuitWriter.position, 0),
      value: writer.all(CircuitWriter.token), output: writer.all(2))
    let copy = Writer.head(layer: head.layer, index: head.index)
    return [Edge(.input, .head(copy, .value)), Edge(copy, .logits)]
  }

  func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair] {
    var prompts = PlantedPrompts(seed: seed, model)
    return (0..<count).map { _ in
      let tokens = prompts.tokens(9)
      return PromptPair(
        clean: Array(tokens[..<8]), corrupted: [tokens[8]] + tokens[1..<8], answers: [tokens[0]],
        wrongAnswers: [tokens[8]])
    }
  }
}

extension Reader {
  /// The reader of a head's query, key or value.
  static func head(_ writer: Writer, _ projection: Projection) -> Reader {
    guard case .head(let layer, let index) = writer else {
      preconditionFailure("\(writer) is no head")
    }
    return .head(layer: layer, index: index, projection: projection)
  }
}
