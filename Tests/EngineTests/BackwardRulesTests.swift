import Engine
import Graphs
import Tensors
import TestSupport
import Testing

/// Gradients that pass otherwise than exactly.
@Suite struct BackwardRulesTests {
  /// EAP's scores of the golden prompts under rules.
  private func scores(_ golden: GoldenModel, _ rules: BackwardRules) throws -> EdgeScores {
    let graph = golden.graph
    let run = PlainRun(golden.model, batch: golden.clean, rules: rules)
    let taped = run.taped()
    var sums = Sums(count: graph.writerCount * graph.readerCount)
    run.contract(
      taped.writes - golden.ablated(by: "resample"),
      with: run.backward(try golden.logitDifferenceGradient(), taped.tape), graph: graph,
      into: &sums)
    return EdgeScores(sums.values().map(Float.init), graph: graph)
  }

  @Test(arguments: goldenFamilies)
  func `frozen patterns have values alone for readers`(family: String) throws {
    let golden = try GoldenModel(family)
    let graph = golden.graph
    let exact = try scores(golden, .exact)
    let held = try scores(golden, BackwardRules(pattern: .constant))
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
  }

  @Test(arguments: goldenFamilies)
  func `products share what they pass`(family: String) throws {
    let golden = try GoldenModel(family)
    let graph = golden.graph
    let last = graph.layerCount - 1
    let exact = try scores(golden, .exact)
    let attention = try scores(golden, BackwardRules(halvesAttention: true))
    let gates = try scores(golden, BackwardRules(halvesGates: true))
    let isGated = golden.model.configuration.mlp.isGated
    #expect((gates == exact) == !isGated)
    for offset in graph.edgeOffsets {
      let (edge, score) = (graph.edge(at: offset), exact.values[offset])
      switch edge.reader {
      case .head(last, _, let projection):
        let share: Float = projection == .value ? 0.5 : 0.25
        #expect(attention.values[offset] == share * score, "\(edge)")
      case .mlp(last):
        #expect(gates.values[offset] == (isGated ? 0.5 : 1) * score, "\(edge)")
      case .logits:
        #expect(attention.values[offset] == score && gates.values[offset] == score, "\(edge)")
      default: continue
      }
    }
  }

  @Test(arguments: goldenFamilies)
  func `masked runs follow the same rules`(family: String) throws {
    let golden = try GoldenModel(family)
    let graph = golden.graph
    let softened = PatternRule.softened(temperature: 2)
    for rules in [
      BackwardRules(pattern: .constant),
      BackwardRules(
        pattern: softened, holdsDeviations: true, slope: .secant, halvesGates: true,
        halvesAttention: true),
    ] {
      let masked = MaskedRun(
        golden.model, batch: golden.clean, mask: EdgeMask(1, graph: graph),
        ablated: AblatedStream(golden.ablated(by: "resample"), model: golden.model), rules: rules)
      let gradients = masked.backward(
        try golden.logitDifferenceGradient(), masked.taped().tape, wanting: .mask)
      let plain = try scores(golden, rules)
      expectClose(
        graph.edgeOffsets.map { gradients.masks[0][$0] },
        graph.edgeOffsets.map { Double(plain.values[$0]) }, relative: 1e-4, family)
    }
  }
}
