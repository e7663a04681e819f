package import Engine
import Tensors

/// Writes the weights of a transformer by hand: heads and MLP units that do something, and noise around them.
///
/// The residual stream has slots of one width: slot 0 holds the token and slot 1 the position, both one-hot;
/// the others are free. There are no norms and MLPs are ReLU, so that what is written is what happens.
package struct CircuitWriter {
  /// The width of a slot and of a head.
  package let size: Int
  private let sizes: Sizes
  private let slotCount: Int
  private var blocks: [BlockWeights]
  private var unitCounts: [Int]

  /// How large a transformer is and what stands around the circuit.
  package struct Sizes: Sendable {
    package var layerCount: Int
    package var headCount: Int
    package var vocabularySize: Int
    package var contextLength: Int
    /// All weights that are not written are uniform between −noise and noise.
    package var noise: Float
    /// How much a key that matches stands out among those that do not, before the softmax.
    package var sharpness: Float
    package var seed: UInt64

    package init(
      layerCount: Int, headCount: Int, vocabularySize: Int, contextLength: Int, noise: Float,
      sharpness: Float, seed: UInt64
    ) {
      self.layerCount = layerCount
      self.headCount = headCount
      self.vocabularySize = vocabularySize
      self.contextLength = contextLength
      self.noise = noise
      self.sharpness = sharpness
      self.seed = seed
    }
  }

  /// One weight between a head's element or an MLP's unit and an element of the residual stream.
  package struct Link {
    let element: Int
    let column: Int
    let weight: Float
  }

  /// The slot that holds the token.
  package static let token = 0
  /// The slot that holds the position.
  package static let position = 1

  /// Starts with noise everywhere.
  ///
  /// - Parameters:
  ///   - sizes: How large the transformer is.
  ///   - slotCount: How many slots the residual stream has, at least 2.
  package init(_ sizes: Sizes, slotCount: Int) {
    self.sizes = sizes
    self.slotCount = slotCount
    size = max(sizes.vocabularySize, sizes.contextLength)
    var noise = NoiseSource(limit: sizes.noise, generator: SeededGenerator(seed: sizes.seed))
    let (width, inner) = (slotCount * size, sizes.headCount * size)
    blocks = (0..<sizes.layerCount).map { _ in
      BlockWeights(
        attentionNorm: .identity,
        attention: AttentionWeights(
          query: noise.linear(inner, width), key: noise.linear(inner, width),
          value: noise.linear(inner, width), output: noise.linear(width, inner)),
        mlpNorm: .identity,
        mlp: MLPWeights(gate: nil, up: noise.linear(width, width), down: noise.linear(width, width))
      )
    }
    unitCounts = [Int](repeating: 0, count: sizes.layerCount)
  }

  /// Every element of a slot to the head's element of the same number, or one further on by `shift`.
  package func all(_ slot: Int, _ weight: Float = 1, shift: Int = 0) -> [Link] {
    (0..<(size - shift)).map {
      Link(element: $0 + shift, column: slot * size + $0, weight: weight)
    }
  }

  /// Every element of a slot to the head's first element: the same whatever the slot holds.
  package func any(_ slot: Int, _ weight: Float = 1) -> [Link] {
    (0..<size).map { Link(element: 0, column: slot * size + $0, weight: weight) }
  }

  /// One element of a slot to one of the head's.
  package func one(_ slot: Int, _ index: Int, _ weight: Float = 1, element: Int = 0) -> [Link] {
    [Link(element: element, column: slot * size + index, weight: weight)]
  }

  /// Writes a head; its other weights become 0.
  ///
  /// - Parameters:
  ///   - head: Where it is.
  ///   - query: What its query takes from the stream, before it is made as sharp as wished.
  ///   - key: What its key takes.
  ///   - value: What its value takes.
  ///   - output: Where its elements go.
  package mutating func write(
    _ head: (layer: Int, index: Int), query: [Link], key: [Link], value: [Link], output: [Link]
  ) {
    let gain = (sizes.sharpness * Float(size).squareRoot()).squareRoot()
    let path = \CircuitWriter.blocks[head.layer].attention
    let rows = (head.index * size)..<((head.index + 1) * size)
    self[keyPath: path].query.weight.write(query, rows: rows, gain: gain)
    self[keyPath: path].key.weight.write(key, rows: rows, gain: gain)
    self[keyPath: path].value.weight.write(value, rows: rows)
    var columns = self[keyPath: path].output.weight.transposed()
    columns.write(output, rows: rows)
    self[keyPath: path].output.weight = columns.transposed()
  }

  /// Writes a unit of a layer's MLP, `relu(Σ reads + bias)`.
  ///
  /// - Parameters:
  ///   - layer: The layer.
  ///   - reads: What it takes from the stream; elements are of no meaning.
  ///   - bias: What is added before the ReLU.
  ///   - writes: Where it goes; elements are of no meaning.
  package mutating func writeUnit(layer: Int, reads: [Link], bias: Float, writes: [Link]) {
    let unit = unitCounts[layer]
    unitCounts[layer] += 1
    let own = { (links: [Link]) in
      links.map { Link(element: 0, column: $0.column, weight: $0.weight) }
    }
    blocks[layer].mlp.up.weight.write(own(reads), rows: unit..<(unit + 1))
    blocks[layer].mlp.up.bias?.add(Tensor([bias], shape: [1]), at: unit)
    var columns = blocks[layer].mlp.down.weight.transposed()
    columns.write(own(writes), rows: unit..<(unit + 1))
    blocks[layer].mlp.down.weight = columns.transposed()
  }

  /// The transformer; its logits are `gain` times the elements of a slot.
  package func transformer(name: String, logits slot: Int, gain: Float) -> Transformer {
    let width = slotCount * size
    let heads = HeadSizes(count: sizes.headCount, width: size)
    let matrix = { (slot: Int, rows: Int, weight: Float) in
      Tensor(
        rowsWithEntries: (0..<rows).map { [(Int32(slot * size + $0), weight)] }, columnCount: width,
        on: .cpu)
    }
    return Transformer(
      name: name,
      configuration: TransformerConfiguration(
        layers: .alike(sizes.layerCount, heads: heads), heads: heads,
        mlp: MLPVariant(width: width, activation: .relu), norm: NormVariant(.none), dModel: width,
        vocabularySize: sizes.vocabularySize, contextLength: sizes.contextLength),
      weights: TransformerWeights(
        tokenEmbedding: matrix(Self.token, sizes.vocabularySize, 1),
        positionEmbedding: matrix(Self.position, sizes.contextLength, 1), blocks: blocks,
        finalNorm: .identity,
        unembedding: Linear(weight: matrix(slot, sizes.vocabularySize, gain))))
  }
}

/// Small random weights.
private struct NoiseSource {
  let limit: Float
  var generator: SeededGenerator

  mutating func linear(_ rows: Int, _ columns: Int) -> Linear {
    let elements = (0..<(rows * columns)).map { _ in
      limit == 0 ? 0 : Float.random(in: -limit...limit, using: &generator)
    }
    return Linear(
      weight: Tensor(elements, shape: [rows, columns]), bias: Tensor(zeros: [rows]))
  }
}

extension Tensor {
  /// Sets some rows to links and zeros.
  fileprivate mutating func write(
    _ links: [CircuitWriter.Link], rows: Range<Int>, gain: Float = 1
  ) {
    var entries = [[(column: Int32, value: Float)]](repeating: [], count: rows.count)
    for link in links { entries[link.element].append((Int32(link.column), gain * link.weight)) }
    let width = shape[1]
    replace(
      at: rows.lowerBound * width,
      with: Tensor(rowsWithEntries: entries, columnCount: width, on: .cpu))
  }
}
