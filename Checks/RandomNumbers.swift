import Edgewise
import Foundation

/// Random weights in a stored format, made on all cores: a model of 8 B has many.
struct RandomNumbers {
  let format: ElementFormat

  init(_ format: ElementFormat) { self.format = format }

  /// Numbers of variance 1 / columns, `[rows, columns]`.
  func matrix(_ rows: Int, _ columns: Int, on device: Device = .cpu) -> Tensor {
    let limit = (3 / Float(columns)).squareRoot()
    var bytes = Data(count: rows * columns * format.blockSize)
    let isHalf = format == .bf16
    unsafe bytes.withUnsafeMutableBytes { buffer in
      nonisolated(unsafe) let buffer = unsafe buffer
      parallelFor(rows) { row in
        var generator = SeededGenerator(seed: UInt64(row))
        for place in (row * columns)..<((row + 1) * columns) {
          let number = (Float(generator.next() >> 40) / Float(1 << 23) - 1) * limit
          if isHalf {
            unsafe buffer.storeBytes(
              of: UInt16(number.bitPattern >> 16), toByteOffset: 2 * place, as: UInt16.self)
          } else {
            unsafe buffer.storeBytes(of: number, toByteOffset: 4 * place, as: Float.self)
          }
        }
      }
    }
    var move = Tensor.Move(to: device)
    return move(Tensor(mapping: bytes, as: format, shape: [rows, columns]))
  }

  func linear(_ rows: Int, _ columns: Int) -> Linear { Linear(weight: matrix(rows, columns)) }

  func norm(_ configuration: TransformerConfiguration) -> Normalization {
    let ones = Tensor(
      [Float](repeating: 1, count: configuration.dModel), shape: [configuration.dModel])
    return Normalization(
      scale: ones, bias: configuration.norm.kind == .layer ? Tensor(zeros: ones.shape) : nil,
      epsilon: configuration.norm.epsilon, kind: configuration.norm.kind)
  }
}

extension Transformer {
  /// A model of a shape whose layers are alike, each in memory of its own.
  static func random(_ shape: SpeedShape, on device: Device) throws -> Transformer {
    let (sizes, numbers) = (shape.configuration, RandomNumbers(shape.format))
    let (width, heads) = (sizes.dModel, sizes.headCount * sizes.dHead)
    let shared = sizes.keyValueHeadCount * sizes.dHead
    let block = BlockWeights(
      attentionNorm: numbers.norm(sizes),
      attention: AttentionWeights(
        query: numbers.linear(heads, width), key: numbers.linear(shared, width),
        value: numbers.linear(shared, width), output: numbers.linear(width, heads)),
      mlpNorm: numbers.norm(sizes),
      mlp: MLPWeights(
        gate: sizes.mlp.isGated ? numbers.linear(sizes.dMLP, width) : nil,
        up: numbers.linear(sizes.dMLP, width), down: numbers.linear(width, sizes.dMLP)))
    var move = Tensor.Move(to: device)
    let embedding = move(numbers.matrix(sizes.vocabularySize, width))
    let blocks = (0..<sizes.layerCount).map { _ in
      var move = Tensor.Move(to: device)
      return block.map { move($0) }
    }
    let norm = numbers.norm(sizes).map { move($0) }
    try device.check()
    return Transformer(
      name: shape.name, configuration: sizes,
      weights: TransformerWeights(
        tokenEmbedding: embedding,
        positionEmbedding: sizes.hasLearnedPositions
          ? move(numbers.matrix(sizes.contextLength, width)) : nil,
        blocks: blocks, finalNorm: norm,
        unembedding: Linear(
          weight: shape.isTied
            ? embedding : move(numbers.matrix(sizes.vocabularySize, width)))))
  }
}
