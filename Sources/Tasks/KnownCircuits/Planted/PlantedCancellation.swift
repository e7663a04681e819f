import Graphs
import Engine
import Models

/// Cancellation: what a head says is taken back by an MLP, but only the last half of it.
///
/// The head writes f = 1 where the first token is "on", and the answer is `f − relu(f − ½)`, which is ½. At f = 1 the two
/// slopes cancel, so that the gradient at the head is zero, and yet without the head's value the answer is lost.
struct PlantedCancellation: PlantedCircuit {
  static let slotCount = 2
  /// The MLP is that of the layer of the second place.
  static let depths = [0, 1]
  let name = "planted-cancellation"
  let summary = "a head, and an MLP that takes half of it back: is the first token on?"

  /// The token that means on, and the outputs for yes and no.
  private static let (on, yes, no): (Int, Int, Int) = (0, 1, 2)

  static func write(
    with writer: inout CircuitWriter, at places: [(layer: Int, index: Int)]
  ) -> [Edge] {
    let (flag, answer) = (2, 3)
    let (head, layer) = (places[0], places[1].layer)
    writer.write(
      head, query: writer.any(CircuitWriter.position), key: writer.one(CircuitWriter.position, 0),
      value: writer.one(CircuitWriter.token, on),
      output: writer.one(flag, 0) + writer.one(answer, yes))
    writer.writeUnit(
      layer: layer, reads: writer.one(flag, 0), bias: -0.5, writes: writer.one(answer, yes, -1))
    // Between what the answer is with and without the head.
    writer.writeUnit(layer: layer, reads: [], bias: 0.25, writes: writer.one(answer, no))
    let flagger = Writer.head(layer: head.layer, index: head.index)
    return [
      Edge(.input, .head(flagger, .value)), Edge(flagger, .mlp(layer: layer)),
      Edge(flagger, .logits), Edge(.mlp(layer: layer), .logits),
    ]
  }

  func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair] {
    var prompts = PlantedPrompts(seed: seed, model)
    let (on, yes, no) = (Int32(Self.on), Int32(Self.yes), Int32(Self.no))
    return (0..<count).map { _ in
      let tokens = prompts.tokens(8, without: [on])
      return PromptPair(
        clean: [on] + tokens[1...], corrupted: tokens, answers: [yes], wrongAnswers: [no])
    }
  }
}
