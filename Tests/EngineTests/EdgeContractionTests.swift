import Engine
import Graphs
import Tensors
import TestSupport
import Testing

/// The contraction of models so deep that several layers are taken together.
@Suite struct EdgeContractionTests {
  @Test(arguments: [false, true], [2, 1])
  func `edges of deep models have the masked engine's gradient`(
    isParallel: Bool, keyValueCount: Int
  ) throws {
    let heads = HeadSizes(count: 2, keyValueCount: keyValueCount, width: 4)
    let model = Transformer.random(
      TransformerConfiguration(
        layers: .alike(8, heads: heads), heads: heads,
        mlp: MLPVariant(width: 12, activation: .geluTanh),
        norm: NormVariant(.layer, epsilon: 1e-5), dModel: 8, vocabularySize: 11, contextLength: 9,
        isParallel: isParallel), seed: 4)
    let graph = model.graph(groupsKeysAndValues: true)
    // Three layers or more have no more readers than there are writers.
    #expect(graph.writerCount >= 3 * graph.readers(ofLayer: 0).count)
    let batch = TokenBatch([[1, 2, 3, 4, 5], [6, 7, 8]])
    let ablated = PlainRun(model, batch: TokenBatch([[9, 2, 10, 4, 0], [3, 1, 8]])).forward().writes
    let dlogits = Tensor.random([2, 11], seed: 6)
    let plain = PlainRun(model, batch: batch)
    let result = plain.taped()
    var sums = Sums(count: graph.writerCount * graph.readerCount)
    plain.contract(
      result.writes - ablated, with: plain.backward(dlogits, result.tape), graph: graph,
      into: &sums)
    let masked = MaskedRun(
      model, batch: batch, mask: EdgeMask(1, graph: graph),
      ablated: AblatedStream(ablated, model: model))
    let gradient = masked.backward(dlogits, masked.taped().tape, wanting: .mask).masks[0]
    let existing = (0..<graph.writerCount).flatMap { writer in
      (0..<graph.readerCount).map {
        graph.visibleWriterCount(ofReader: $0) > writer ? 1.0 : 0
      }
    }
    expectClose(
      zip(sums.values(), existing).map { $0 * $1 }, zip(gradient, existing).map { $0 * $1 },
      relative: 1e-4)
  }

  /// Segments whose tokens fit into one tile, in another order than the tokens', have what each has by itself.
  @Test func `segments in any order`() {
    let heads = HeadSizes(count: 2, keyValueCount: 1, width: 4)
    let model = Transformer.random(
      TransformerConfiguration(
        layers: .alike(3, heads: heads), heads: heads,
        mlp: MLPVariant(width: 12, activation: .geluTanh),
        norm: NormVariant(.layer, epsilon: 1e-5), dModel: 8, vocabularySize: 11, contextLength: 9,
        isParallel: false), seed: 4)
    let graph = model.graph
    let batch = TokenBatch([[1, 2, 3, 4], [6, 7, 8, 5]])
    let plain = PlainRun(model, batch: batch)
    let result = plain.taped()
    let gradients = plain.backward(Tensor.random([2, 11], seed: 6), result.tape)
    let scores = { (segments: [[Range<Int>]]) in
      var sums = segments.map { _ in Sums(count: graph.writerCount * graph.readerCount) }
      plain.contract(result.writes, with: [gradients], graph: graph, segments: segments) {
        sums[$0].add($1)
      }
      return sums.map { $0.values() }
    }
    let segments = [[0..<1, 4..<5], [5..<8, 1..<3], [3..<4]]
    let together = scores(segments)
    for (segment, found) in zip(segments, together) {
      expectClose(found, scores([segment])[0], relative: 1e-5)
    }
    // The last segment is the last token of the first prompt, which lies inside of the whole.
    #expect(together[2] != together[0])
  }
}
