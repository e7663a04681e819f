import Graphs
import Engine
import Models

/// Induction: a head that looks at the token before, and one that looks for where its own token stood there.
struct PlantedInduction: PlantedCircuit {
  static let slotCount = 2
  static let depths = [0, 1]
  let name = "planted-induction"
  let summary = "a previous-token head and an induction head: … A B … A → B"

  static func write(
    with writer: inout CircuitWriter, at places: [(layer: Int, index: Int)]
  ) -> [Edge] {
    writer.writeInduction(previous: places[0], into: 2, induction: places[1], into: 3)
    let heads = places.map { Writer.head(layer: $0.layer, index: $0.index) }
    return [
      Edge(.input, .head(heads[0], .value)), Edge(heads[0], .head(heads[1], .key)),
      Edge(heads[1], .logits),
    ]
  }

  func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair] {
    try Induction().pairs(count: count, seed: seed, model: model)
  }
}
