import Engine
import Graphs
import Tensors
import TestSupport
import Testing

/// Gradients that take attention patterns for constants.
@Suite struct BackwardRulesTests {
  @Test(arguments: ["gpt2", "gpt_neox", "llama", "qwen2"])
  func `frozen patterns have values alone for readers`(family: String) throws {
    let golden = try GoldenModel(family)
    let graph = golden.graph
    let ablated = golden.ablated(by: "resample")
    let dlogits = try golden.logitDifferenceGradient()
    let frozen = BackwardRules(freezesPatterns: true)

    let scores = { (rules: BackwardRules) in
      let run = PlainRun(golden.model, batch: golden.clean, rules: rules)
      let taped = run.taped()
      var sums = Sums(count: graph.writerCount * graph.readerCount)
      run.contract(
        taped.writes - ablated, with: run.backward(dlogits, taped.tape), graph: graph, into: &sums)
      return EdgeScores(sums.values().map(Float.init), graph: graph)
    }
    let (exact, held) = (scores(.exact), scores(frozen))
    for offset in graph.edgeOffsets {
      guard case .head(let layer, _, let projection) = graph.edge(at: offset).reader else {
        continue
      }
      if projection != .value {
        #expect(held.values[offset] == 0, "\(graph.edge(at: offset))")
      } else if layer == graph.layerCount - 1 {
        // No pattern lies between the last values and the logits.
        #expect(held.values[offset] == exact.values[offset], "\(graph.edge(at: offset))")
      }
    }
    #expect(exact.values.contains { $0 != 0 } && held != exact)

    let masked = MaskedRun(
      golden.model, batch: golden.clean, mask: EdgeMask(1, graph: graph),
      ablated: AblatedStream(ablated, model: golden.model), rules: frozen)
    let gradients = masked.backward(dlogits, masked.taped().tape, wanting: .mask)
    expectClose(
      graph.edgeOffsets.map { gradients.masks[0][$0] },
      graph.edgeOffsets.map { Double(held.values[$0]) }, relative: 1e-4, family)
  }
}
