import DeviceCases
import Engine
import Foundation
import Graphs
import TestSupport
import Tensors
import Testing

/// Weights in the format they are stored in give the same bytes as weights that were converted first.
@Suite struct StoredFormatTests {
  static let formats = ElementFormat.allCases

  /// A head's columns are half of a block, or a quarter of a large one.
  private func configuration(_ format: ElementFormat) -> TransformerConfiguration {
    let isLarge = format.blockCount > 32
    let heads = HeadSizes(count: 4, keyValueCount: 2, width: isLarge ? 64 : 16)
    let frequencies = (0..<(heads.width / 2)).map { pow(0.4, Double($0)) }
    return TransformerConfiguration(
      layers: .alike(2, rotaryFrequencies: frequencies, heads: heads), heads: heads,
      mlp: MLPVariant(width: isLarge ? 256 : 96, activation: .silu, isGated: true),
      norm: NormVariant(.rootMeanSquare, epsilon: 1e-6), dModel: isLarge ? 256 : 64,
      vocabularySize: 40, contextLength: 16)
  }

  /// Random stored numbers of a moderate size.
  private func stored(_ shape: [Int], _ format: ElementFormat, seed: UInt64) -> Tensor {
    Tensor(
      mapping: format.randomBytes(count: shape.reduce(1, *), seed: seed), as: format, shape: shape)
  }

  private func models(_ format: ElementFormat) -> (stored: Transformer, converted: Transformer) {
    let configuration = configuration(format)
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
    let width = max(64, format.blockCount)
    let table = stored([5, width], format, seed: 9)
    let moved = table.movedRows([4, 0, 0, 2])
    #expect(moved.format == format && moved == table.float32.gatherRows([4, 0, 0, 2]))
    // Half of a block cannot be taken by itself.
    #expect(
      table.gatherColumnBlocks([3, 1], width: 16)
        == table.float32.gatherColumnBlocks([3, 1], width: 16))
  }
}
