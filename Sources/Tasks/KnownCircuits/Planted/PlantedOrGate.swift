import Graphs
import Engine
import Models

/// An OR gate: two heads each look for the token "on" at a place of its own, and an MLP says yes if either did.
///
/// In clean prompts both places are on, in corrupted ones neither. Without one of the two the answer stays, so
/// where nothing else is in the model neither matters by itself, nor is there a gradient.
struct PlantedOrGate: PlantedCircuit {
  static let slotCount = 2
  /// Two heads of one layer; the MLP is that of the layer of the third place.
  static let depths = [0, 0, 1]
  let name = "planted-or"
  let summary = "two heads and an MLP: is the first or the second token on?"

  /// The token that means on, and the outputs for yes and no.
  private static let (on, yes, no): (Int, Int, Int) = (0, 1, 2)

  static func write(
    with writer: inout CircuitWriter, at places: [(layer: Int, index: Int)]
  ) -> [Edge] {
    let (flags, answer) = (2, 3)
    for place in 0..<2 {
      writer.write(
        places[place], query: writer.any(CircuitWriter.position),
        key: writer.one(CircuitWriter.position, place),
        value: writer.one(CircuitWriter.token, on, element: place),
        output: writer.one(flags, place, element: place))
    }
    // relu(a + b) − relu(a + b − 1) is 1 when either is on; a half less of it decides between yes and no.
    let both = writer.one(flags, 0) + writer.one(flags, 1)
    let layer = places[2].layer
    writer.writeUnit(
      layer: layer, reads: both, bias: 0,
      writes: writer.one(answer, yes) + writer.one(answer, no, -1))
    writer.writeUnit(
      layer: layer, reads: both, bias: -1,
      writes: writer.one(answer, yes, -1) + writer.one(answer, no))
    writer.writeUnit(
      layer: layer, reads: [], bias: 0.5,
      writes: writer.one(answer, yes, -1) + writer.one(answer, no))
    let heads = places[..<2].map { Writer.head(layer: $0.layer, index: $0.index) }
    return heads.flatMap {
      [Edge(.input, .head($0, .value)), Edge($0, .mlp(layer: layer))]
    } + [Edge(.mlp(layer: layer), .logits)]
  }

  func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair] {
    var prompts = PlantedPrompts(seed: seed, model)
    let (on, yes, no) = (Int32(Self.on), Int32(Self.yes), Int32(Self.no))
    return (0..<count).map { _ in
      let tokens = prompts.tokens(8, without: [on])
      return PromptPair(
        clean: [on, on] + tokens[2...], corrupted: tokens, answers: [yes], wrongAnswers: [no])
    }
  }
}
