import Engine
import Graphs
import Tensors
import TestSupport
import Testing

import Models

/// A model without MLPs against the same with MLPs that write nothing, edge by edge.
@Suite struct AttentionOnlyTests {
  static let families = ["gpt2", "gpt_neox", "llama", "gemma2", "olmo2"]

  @Test(arguments: families, [true, false])
  func `masked runs and their gradients are the same`(family: String, isGrouped: Bool) throws {
    let golden = try GoldenModel(family)
    let (bare, silent) = (
      golden.model.silencingMLPs(named: false), golden.model.silencingMLPs(named: true)
    )
    let graph = bare.graph(groupsKeysAndValues: isGrouped)
    let whole = silent.graph(groupsKeysAndValues: isGrouped)
    let places = whole.offsets(ofEdgesIn: graph)
    #expect(places.count == graph.edgeCount && graph.edgeCount < whole.edgeCount)
    expectClose(bare.logits(golden.clean), silent.logits(golden.clean), relative: 1e-6)
    let writes = PlainRun(bare, batch: golden.corrupted).forward().writes
    var generator = SeededGenerator(seed: 4)
    for share in [1, 0.7, 0.2] {
      var values = (0..<(whole.writerCount * whole.readerCount)).map { _ -> Float in
        Double.random(in: 0..<1, using: &generator) < share ? 1 : 0
      }
      let full = EdgeMask(values, graph: whole)
      let picked = places.map { values[$0] }
      values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
      for (offset, value) in zip(graph.edgeOffsets, picked) { values[offset] = value }
      let run = { (model: Transformer, mask: EdgeMask) in
        MaskedRun(
          model, batch: golden.clean, mask: mask, ablated: AblatedStream(writes, model: model))
      }
      let (own, other) = (run(bare, EdgeMask(values, graph: graph)), run(silent, full))
      let (tape, otherTape) = (own.taped(), other.taped())
      expectClose(tape.logits, otherTape.logits, relative: 1e-6, "\(share)")
      expectClose(own.forward().logits, otherTape.logits, relative: 1e-5, "\(share)")
      let dlogits = try golden.logitDifferenceGradient()
      let gradient = own.backward(dlogits, tape.tape, wanting: [.mask, .weights])
      let expected = other.backward(dlogits, otherTape.tape, wanting: [.mask, .weights])
      expectClose(
        graph.edgeOffsets.map { gradient.masks[0][$0] }, places.map { expected.masks[0][$0] },
        relative: 1e-5)
      for layer in bare.weights.blocks.indices {
        expectClose(
          try #require(gradient.weights?.blocks[layer].attention.output.weight),
          try #require(expected.weights?.blocks[layer].attention.output.weight), relative: 1e-5)
        let bias = \BlockWeights.attention.output.bias
        guard let found = gradient.weights?.blocks[layer][keyPath: bias],
          let wanted = expected.weights?.blocks[layer][keyPath: bias]
        else { continue }
        expectClose(found, wanted, relative: 1e-5, "output bias of layer \(layer)")
      }
    }
  }

  @Test(arguments: families) func `trials equal whole runs`(family: String) throws {
    let golden = try GoldenModel(family)
    let model = golden.model.silencingMLPs(named: false)
    let graph = model.graph
    let ablated = AblatedStream(
      PlainRun(model, batch: golden.corrupted).forward().writes, model: model)
    let run = MaskedRun(
      model, batch: golden.clean, mask: EdgeMask(1, graph: graph), ablated: ablated)
    let clean = PlainRun(model, batch: golden.clean).taped()
    let state = MaskedState(intact: clean, ablated: ablated, graph: graph, model: model)
    for reader in 0..<graph.readerCount {
      let column = [Float](repeating: 0, count: graph.visibleWriterCount(ofReader: reader))
      var mask = EdgeMask(1, graph: graph)
      mask[column: reader] = column[...]
      expectClose(
        ReaderTrials(run, from: state, reader: reader).logits([column]).slice(block: 0),
        MaskedRun(model, batch: golden.clean, mask: mask, ablated: ablated).taped().logits,
        relative: 1e-5, "\(graph.reader(at: reader))")
    }
  }
}
