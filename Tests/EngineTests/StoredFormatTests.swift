import Engine
import Foundation
import Graphs
import TestSupport
import Tensors
import Testing

/// Weights in the format they are stored in give the same bytes as weights that were converted first.
@Suite struct StoredFormatTests {
  static let formats: [ElementFormat] = [.f32, .f16, .bf16, .q8_0, .q4_0, .q4_1]

  /// Heads of 16, so that a head's columns are half of a block.
  private let configuration = TransformerConfiguration(
    layers: .alike(
      2, rotaryFrequencies: [1, 0.3, 0.1, 0.05, 0.01, 0.005, 0.002, 0.001],
      heads: HeadSizes(count: 4, width: 16)),
    heads: HeadSizes(count: 4, keyValueCount: 2, width: 16),
    mlp: MLPVariant(width: 96, activation: .silu, isGated: true),
    norm: NormVariant(.rootMeanSquare, epsilon: 1e-6), dModel: 64, vocabularySize: 40,
    contextLength: 16)

  /// Random stored numbers of a moderate size.
  private func stored(_ shape: [Int], _ format: ElementFormat, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let blocks = shape.reduce(1, *) / format.blockCount
    var bytes: [UInt8] = []
    for _ in 0..<blocks {
      var block = (0..<format.blockSize).map { _ in UInt8.random(in: 0...255, using: &generator) }
      switch format {
      case .f32, .bf16, .f64: block[block.count - 1] = block[block.count - 1] & 0x80 | 0x3D
      case .f16: block[1] = block[1] & 0x80 | 0x28
      // Scales, and the minimum of Q4_1, of about 1/100 and 1/20.
      case .q8_0: (block[0], block[1]) = (0x00, 0x0C)
      case .q4_0: (block[0], block[1]) = (0x20, 0x21)
      case .q4_1: (block[0], block[1], block[2], block[3]) = (0x20, 0x21, 0x60, 0xAA)
      }
      bytes += block
    }
    return Tensor(mapping: Data(bytes), as: format, shape: shape)
  }

  private func models(_ format: ElementFormat) -> (stored: Transformer, converted: Transformer) {
    let base = Transformer.random(configuration, seed: 1)
    var seed: UInt64 = 100
    var (own, other) = (base.weights, base.weights)
    let replace = { (path: WritableKeyPath<TransformerWeights, Tensor>) in
      seed += 1
      let matrix = self.stored(own[keyPath: path].shape, format, seed: seed)
      own[keyPath: path] = matrix
      other[keyPath: path] = matrix.float32
    }
    replace(\.tokenEmbedding)
    replace(\.unembedding.weight)
    for layer in 0..<configuration.layerCount {
      replace(\.blocks[layer].attention.query.weight)
      replace(\.blocks[layer].attention.key.weight)
      replace(\.blocks[layer].attention.value.weight)
      replace(\.blocks[layer].attention.output.weight)
      replace(\.blocks[layer].mlp.up.weight)
      replace(\.blocks[layer].mlp.down.weight)
    }
    return (
      Transformer(name: "stored", configuration: configuration, weights: own),
      Transformer(name: "converted", configuration: configuration, weights: other)
    )
  }

  @Test(arguments: formats) func `runs and gradients have the same bytes`(format: ElementFormat)
    throws
  {
    let (own, other) = models(format)
    #expect(own.weights.blocks[0].attention.query.weight.format == format)
    let batch = TokenBatch([[1, 2, 3, 4, 5, 39], [7, 8, 9]])
    let results = [own, other].map { model in
      let run = PlainRun(model, batch: batch)
      let result = run.taped()
      let dlogits = Tensor.random([2, 40], seed: 5)
      var sums = Sums(count: model.graph.writerCount * model.graph.readerCount)
      run.contract(
        result.writes, with: run.backward(dlogits, result.tape), graph: model.graph, into: &sums)
      let masked = MaskedRun(
        model, batch: batch, mask: EdgeMask(0.5, graph: model.graph),
        ablated: AblatedStream(model.zeroWrites(tokenCount: 9), model: model))
      return (result.logits.values(), sums.values(), masked.forward().logits.values())
    }
    #expect(results[0].0.allSatisfy { $0.isFinite && $0 != 0 })
    #expect(results[0].0 == results[1].0 && results[0].1 == results[1].1)
    #expect(results[0].2 == results[1].2)
  }

  @Test(arguments: formats) func `rows are moved as they are stored`(format: ElementFormat) {
    let table = stored([5, 64], format, seed: 9)
    let moved = table.movedRows([4, 0, 0, 2])
    #expect(moved.format == format && moved == table.float32.gatherRows([4, 0, 0, 2]))
    // Half of a block cannot be taken by itself.
    #expect(
      table.gatherColumnBlocks([3, 1], width: 16)
        == table.float32.gatherColumnBlocks([3, 1], width: 16))
  }
}
