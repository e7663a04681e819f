import Tensors

extension Transformer {
  /// The name of the model that comes with Edgewise.
  public static let bundledName = "induction-tiny"

  /// A two-layer transformer of GPT-2's structure whose induction circuit is written by hand.
  ///
  /// It knows 24 tokens and repeats what followed a token before. The residual stream has five
  /// slots of 24: the token, its position, the token before it, what comes next, and a constant that
  /// keeps norms nearly linear. Head 1 of layer 0 attends to the position before and copies its token
  /// (`a0.h1`); head 2 of layer 1 looks for its own token among the tokens before others and copies
  /// what stands there (`a1.h2`). All other heads and the MLPs hold small random numbers.
  public static func bundled() -> Transformer {
    let size = 24  // of a slot, a head, the vocabulary and the context
    let configuration = TransformerConfiguration(
      layerCount: 2, headCount: 5, keyValueHeadCount: 5, dModel: 5 * size, dHead: size,
      dMLP: 5 * size, vocabularySize: size, contextLength: size, activation: .geluTanh,
      isGated: false, isParallel: false, norm: .layer, normEpsilon: 1e-5,
      rotaryFrequencies: nil)
    var blocks = InductionWriter(size: size)
    let previous = blocks.block(
      head: 1, query: .init(slot: .position, gain: 5),
      key: .init(slot: .position, gain: 5, shift: 1), value: .init(slot: .token, gain: 0.9),
      output: .init(slot: .previous, gain: 1))
    let induction = blocks.block(
      head: 2, query: .init(slot: .token, gain: 4), key: .init(slot: .previous, gain: 4),
      value: .init(slot: .token, gain: 0.9), output: .init(slot: .next, gain: 2))
    return Transformer(
      name: bundledName, configuration: configuration,
      weights: TransformerWeights(
        tokenEmbedding: blocks.slotMatrix(.token), positionEmbedding: blocks.positions,
        blocks: [previous, induction], finalNorm: blocks.norm,
        unembedding: Linear(weight: blocks.slotMatrix(.next, gain: 3))))
  }
}

/// Writes the weights of one head by hand and fills the rest with small random numbers.
private struct InductionWriter {
  let size: Int
  var generator = SeededGenerator(seed: 0)

  init(size: Int) { self.size = size }

  /// A part of the residual stream.
  enum Slot: Int {
    case token, position, previous, next, constant
  }

  /// A head's matrix: element i of the head is `gain` times element i − shift of a slot.
  struct Map {
    let slot: Slot
    let gain: Float
    var shift = 0
  }

  var width: Int { 5 * size }

  var norm: Normalization {
    Normalization(
      scale: Tensor([Float](repeating: 1, count: width), shape: [width]),
      bias: Tensor(zeros: [width]), epsilon: 1e-5, kind: .layer)
  }

  /// Row i has `gain` in place i of the slot, `[size, dModel]`.
  func slotMatrix(_ slot: Slot, gain: Float = 1) -> Tensor {
    Tensor(
      rowsWithEntries: (0..<size).map { [(Int32(slot.rawValue * size + $0), gain)] },
      columnCount: width)
  }

  /// Positions, and the constant: large numbers of alternating sign, so that no write moves a norm far.
  var positions: Tensor {
    let constant = (0..<size).map {
      (column: Int32(Slot.constant.rawValue * size + $0), value: Float($0 % 2 == 0 ? 2 : -2))
    }
    var positions = Tensor(
      rowsWithEntries: [[(column: Int32, value: Float)]](repeating: constant, count: size),
      columnCount: width)
    positions.add(slotMatrix(.position))
    return positions
  }

  mutating func block(
    head: Int, query: Map, key: Map, value: Map, output: Map
  ) -> BlockWeights {
    BlockWeights(
      attentionNorm: norm,
      attention: AttentionWeights(
        query: input(query, head), key: input(key, head), value: input(value, head),
        output: Linear(
          weight: input(output, head).weight.transposed(), bias: Tensor(zeros: [width]))),
      mlpNorm: norm, mlp: MLPWeights(gate: nil, up: noise(), down: noise()))
  }

  /// A matrix `[head · size, dModel]` that is written by hand in the rows of one head.
  private mutating func input(_ map: Map, _ head: Int) -> Linear {
    var linear = noise()
    let entries = (0..<size).map { row -> [(column: Int32, value: Float)] in
      row < map.shift ? [] : [(Int32(map.slot.rawValue * size + row - map.shift), map.gain)]
    }
    linear.weight.replace(
      at: head * size * width, with: Tensor(rowsWithEntries: entries, columnCount: width))
    return linear
  }

  /// A square matrix of small random numbers.
  private mutating func noise() -> Linear {
    let elements = (0..<(width * width)).map { _ in
      Float.random(in: -0.02...0.02, using: &generator)
    }
    return Linear(
      weight: Tensor(elements, shape: [width, width]), bias: Tensor(zeros: [width]))
  }
}
