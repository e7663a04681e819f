import Evaluation
import Graphs
import TestSupport
import Testing

/// Measures beyond their usual range, worked out by hand: more than whole, below nothing, tied, drawn twice.
@Suite struct MeasureTests {
  private func found(_ value: Double, full: Double = 1, empty: Double = 0) -> Faithfulness {
    Faithfulness(
      full: PromptValues([full]), empty: PromptValues([empty]), circuit: PromptValues([value]))
  }

  /// Faithfulness 0.5, 2 and −1 at 20 %, 60 % and all of the edges.
  @Test func `circuits that overshoot count against CMD and for CPR`() {
    let heights = [(0.2, 0.5), (0.6, 2), (1, -1)]
    let curve = FaithfulnessCurve(
      points: heights.map {
        FaithfulnessCurve.Point(
          fraction: $0, edgeCount: 1, prunedEdgeCount: 1, faithfulness: found($1))
      }, totalEdgeCount: 5)
    #expect(abs(curve.area() - (0.4 * 1.25 + 0.4 * 0.5)) < 1e-12)
    // |1 − f| is 0.5, 1 and 2.
    #expect(abs(curve.distance() - (0.4 * 0.75 + 0.4 * 1.5)) < 1e-12)
  }

  @Test func `MIB measures at ten shares, each about twice the one before`() {
    let fractions = FaithfulnessCurve.fractions
    #expect(fractions.count == 10 && fractions.first == 0.001 && fractions.last == 1)
    // 1, 2 and 5 of each power of ten.
    for (index, fraction) in fractions.enumerated() {
      let leading = [0.001, 0.002, 0.005][index % 3]
      let power = [1.0, 10, 100, 1000][index / 3]
      #expect(abs(fraction - leading * power) < 1e-12)
    }
  }

  @Test(arguments: [
    (1000, 1000.5, false), (1000, 1002, true), (-1000, -1000.5, false), (-1000, -1002, true),
    (-2, 2, true), (0, 5e-7, false), (0, -2e-6, true), (1e-7, 0, false),
  ]) func `a ratio needs full and empty to differ`(full: Double, empty: Double, isTelling: Bool) {
    for (one, other) in [(full, empty), (empty, full)] {
      let found = found(one, full: one, empty: other)
      #expect(found.isTelling == isTelling)
      #expect(isTelling ? found.value == 1 : found.value.isNaN)
    }
  }

  /// With a metric below zero the full model may be the lower one.
  @Test func `ratios have the same sign whichever of full and empty is higher`() {
    for sign in [1.0, -1] {
      let values = { (numbers: [Double]) in PromptValues(numbers.map { sign * $0 }) }
      let knockout = Completeness.Knockout(
        partCount: 1, circuit: values([2, 2]), model: values([3, 3]))
      let completeness = Completeness(
        halves: [knockout], whole: knockout, full: values([5, 5]), empty: values([1, 1]))
      #expect(completeness.incompleteness == 0.25 && completeness.withoutCircuit.value == 0.5)
      let faithfulness = Faithfulness(
        full: values([5, 9]), empty: values([1, 1]), circuit: values([2, 3]))
      #expect(faithfulness.recovered.values == [0.25, 0.25])
    }
  }

  private let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)

  @Test func `a node is found by the best of its edges, into it or out of it`() throws {
    // The head's best edge leads into it, the MLP's out of it; edges of 0 come after both.
    let scores = EdgeScores(["input->a0.h0<v>": 3, "m0->logits": 1], graph: graph)
    let area = { (names: [String]) in
      let truth = try #require(Circuit(names.compactMap { Edge($0) }, graph: graph))
      return RecoveryCurve(of: scores, truth: truth, level: .nodes).area(.trapezoid)
    }
    #expect(try area(["input->a0.h0<v>", "a0.h0->logits"]) == 1)
    #expect(try area(["input->m0", "m0->logits"]) == 0)
    let other = EdgeScores(["input->a0.h0<q>": 1, "input->m0": 3], graph: graph)
    let truth = try #require(Circuit([Edge(.input, .mlp(layer: 0))], graph: graph))
    #expect(RecoveryCurve(of: other, truth: truth, level: .nodes).area(.pessimistic) == 1)
  }

  /// Of three prompts, the third wins if it is drawn twice or more: with chance 7/27.
  @Test func `a prompt that is drawn twice counts twice`() {
    let parts = [
      ("input->m0", 3), ("input->m0", 3), ("input->logits", 4),
    ].map { EdgeScores([$0: $1], graph: graph) }
    let stability = Stability(
      parts: parts, selection: CircuitSelection(.edges(1)), draws: 400, seed: 2)
    let chance = 7.0 / 27
    let same = chance * chance + (1 - chance) * (1 - chance)
    #expect(abs(stability.jaccard.mean - same) < 0.04, "\(stability.jaccard.mean)")
  }
}
