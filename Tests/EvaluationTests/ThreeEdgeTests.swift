import Engine
import Evaluation
import Foundation
import Graphs
import Models
import Tasks
import TestSupport
import Testing

/// Every measure on a model whose numbers are worked out by hand.
///
/// The full model has logit differences 3 and 6, the corrupted run 0 and 0.
@Suite struct ThreeEdgeTests {
  private let direct = ThreeEdgeModel.circuit("input->logits")
  private let indirect = ThreeEdgeModel.circuit("input->m0", "m0->logits")
  private let all = ThreeEdgeModel.circuit("input->logits", "input->m0", "m0->logits")

  private func evaluation(_ scheme: AblationScheme = AblationScheme()) throws -> CircuitEvaluation {
    CircuitEvaluation(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task(), scheme: scheme)
  }

  private func values(
    _ circuit: Circuit, _ scheme: AblationScheme = AblationScheme()
  ) throws -> (circuit: [Double], empty: [Double]) {
    let found = try evaluation(scheme).faithfulness(of: circuit)
    expectClose(found.full.values, [3, 6], relative: 1e-5, "full model")
    return (found.circuit.values, found.empty.values)
  }

  private func expect(
    _ circuit: Circuit, _ scheme: AblationScheme, _ expected: [Double], empty: [Double],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try values(circuit, scheme)
    expectClose(
      found.circuit, expected, relative: 1e-5, to: 1, scheme.labels.joined(separator: " "),
      sourceLocation: sourceLocation)
    expectClose(
      found.empty, empty, relative: 1e-5, to: 1, "everything ablated",
      sourceLocation: sourceLocation)
  }

  @Test func `edges outside of a circuit carry corrupted values`() throws {
    try expect(direct, AblationScheme(), [1, 2], empty: [0, 0])
    try expect(indirect, AblationScheme(), [2, 4], empty: [0, 0])
    try expect(all, AblationScheme(), [3, 6], empty: [0, 0])
    try expect(ThreeEdgeModel.circuit("m0->logits"), AblationScheme(), [0, 0], empty: [0, 0])
  }

  /// Corrupted tokens are 2, 0, 2, 0; clean ones 0, 1, 0, 2.
  ///
  /// The metric reads the second position.
  @Test(arguments: [
    (Ablation.mean(over: .corrupted), 1.0), (.mean(over: .clean), 0.75),
    (.mean(over: .both), 0.875), (.positionalMean(over: .corrupted), 0),
    (.positionalMean(over: .clean), 1.5), (.positionalMean(over: .both), 0.75),
  ]) func `means are over the right tokens`(ablation: Ablation, mean: Double) throws {
    let scheme = AblationScheme(ablation)
    try expect(direct, scheme, [1 + 2 * mean, 2 + 2 * mean], empty: [3 * mean, 3 * mean])
    // m0 reads the mean and writes it; what it writes then is its mean as well.
    try expect(
      ThreeEdgeModel.circuit("m0->logits", "input->logits"), scheme,
      [1 + 2 * mean, 2 + 2 * mean], empty: [3 * mean, 3 * mean])
  }

  @Test func `zero is nothing`() throws {
    let circuit = ThreeEdgeModel.circuit("input->logits", "input->m0")
    let found = try evaluation(AblationScheme(.zero)).faithfulness(of: circuit)
    expectClose(found.circuit.values, [1, 2], relative: 1e-5)
  }

  @Test func `nodes are ablated for all readers alike`() throws {
    let nodes = AblationScheme(granularity: .nodes)
    // The edge alone carries nothing; its two nodes carry everything but the head.
    try expect(ThreeEdgeModel.circuit("input->m0"), nodes, [3, 6], empty: [0, 0])
    try expect(direct, nodes, [1, 2], empty: [0, 0])
    try expect(ThreeEdgeModel.circuit(), nodes, [0, 0], empty: [0, 0])
  }

  @Test func `the circuit itself can be ablated`() throws {
    try expect(indirect, AblationScheme(part: .circuit), [1, 2], empty: [0, 0])
    try expect(direct, AblationScheme(part: .circuit), [2, 4], empty: [0, 0])
    // As nodes, m0 goes and input stays.
    try expect(
      indirect, AblationScheme(granularity: .nodes, part: .circuit), [1, 2], empty: [0, 0])
    try expect(
      direct, AblationScheme(granularity: .nodes, part: .circuit), [3, 6], empty: [0, 0])
  }

  @Test(arguments: [
    ("last", 0.0), ("1", 0), ("0-1", 0), ("changed", 0), ("0", 1), ("-2", 1), ("7", 1),
  ])
  func `positions that are not named stay intact`(text: String, intact: Double) throws {
    let positions = try #require(AblatedPositions(text))
    let full = [3 * intact, 6 * intact]
    let scheme = AblationScheme(positions: positions)
    try expect(
      direct, scheme, intact == 1 ? full : [1, 2], empty: full)
  }

  @Test func `minimality is each edge's own effect`() throws {
    let found = try evaluation().minimality(of: all)
    #expect(found.map(\.part) == ["input->m0", "input->logits", "m0->logits"])
    for (contribution, expected) in zip(found, [[2.0, 4], [1, 2], [2, 4]]) {
      expectClose(contribution.effect.values, expected, relative: 1e-5, contribution.part)
    }
    // As a node, m0 has all that its edges have.
    let nodes = try evaluation(AblationScheme(granularity: .nodes)).minimality(of: indirect)
    #expect(nodes.map(\.part) == ["m0"])
    expectClose(nodes[0].effect.values, [2, 4], relative: 1e-5)
    // Without a way to m0, the edge out of it does nothing.
    let partial = try evaluation().minimality(
      of: ThreeEdgeModel.circuit("input->logits", "m0->logits"))
    expectClose(partial.map(\.effect.mean), [1.5, 0], relative: 1e-5)
  }

  /// Whatever is knocked out of the indirect way, circuit and model differ by the direct one.
  @Test func `completeness compares circuit and model after knockouts`() throws {
    let found = try evaluation().completeness(of: indirect, halves: 6, seed: 1)
    #expect(found.halves.count == 6)
    #expect(Set(found.halves.map(\.partCount)).count > 1)
    for knockout in found.halves {
      expectClose([knockout.difference], [-1.5], relative: 1e-5)
    }
    #expect(abs(found.incompleteness - 1 / 3) < 1e-5)
    #expect(abs(found.withoutCircuit.value - 1 / 3) < 1e-5)
    let nodes = try evaluation(AblationScheme(granularity: .nodes)).completeness(
      of: indirect, halves: 4, seed: 1)
    // As nodes, the circuit has input and m0, and so all edges that matter.
    #expect(nodes.whole.partCount == 1 && nodes.incompleteness < 1e-5)
    expectClose(nodes.whole.model.values, [1, 2], relative: 1e-5)
    let whole = try evaluation().completeness(of: all, halves: 6, seed: 1)
    #expect(whole.incompleteness < 1e-5 && abs(whole.withoutCircuit.value) < 1e-5)
  }

  @Test func `a curve and its areas`() throws {
    let graph = ThreeEdgeModel.model.graph
    #expect(graph.edgeCount == 8)
    let scores = EdgeScores(
      ["m0->logits": 3, "input->m0": -2, "input->logits": 1], graph: graph)
    let fractions = [0.125, 0.25, 0.375, 1]
    let curves = try evaluation().curves(
      of: scores, by: [.magnitude, .signed], fractions: fractions)
    let curve = curves[0]
    #expect(curve.points.map(\.edgeCount) == [1, 2, 3, 8])
    #expect(curve.points.map(\.prunedEdgeCount) == [0, 2, 3, 8])
    expectClose(
      curve.points.map(\.faithfulness.value), [0, 2 / 3, 1, 1], relative: 1e-5)
    let rise: [Double] = [0.125 / 3, 0.125 * 5 / 6]  // from 0 to 2/3, from 2/3 to 1
    let below = rise[0] + rise[1]
    #expect(abs(curve.area() - (below + 0.625)) < 1e-5)
    #expect(abs(curve.distance() - (0.25 - below)) < 1e-5)
    // Pruning leaves nothing of the first circuit, so the first rise starts at 0.
    #expect(abs(curve.area(.realised) - (2 * rise[0] + rise[1] + 0.625)) < 1e-5)
    // Halvings are equally long on the logarithmic axis: log 2, log 1.5, log 8/3 of log 8.
    let logarithmic: Double = log2(2.0) / 3 + log2(1.5) * 5 / 6 + log2(8.0 / 3)
    #expect(abs(curve.area(.nominal, .logarithmic) - logarithmic / 3) < 1e-5)
    // Signed, the opposing edge comes last.
    expectClose(
      curves[1].points.map(\.faithfulness.value), [0, 1 / 3, 1 / 3, 1], relative: 1e-5)
  }

  @Test func `robustness holds every choice`() throws {
    let last = try #require(AblatedPositions("0"))
    let schemes = Robustness.schemes(
      ablations: [.resample, .positionalMean(over: .clean)], positions: [.all, last])
    let found = InterventionRuns(model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
      .robustness(of: direct, under: schemes, by: [LogitDifference(), Accuracy()])
    #expect(found.rows.map(\.scheme) == schemes && schemes.count == 8)
    #expect(found.rows[0].faithfulness[0].isTelling && !found.rows[1].faithfulness[0].isTelling)
    // Resampled 1.5 of 4.5, with means (4.5 − 4.5) of (4.5 − 4.5); nothing ablated: no ratio.
    #expect(abs(found.rows[0].faithfulness[0].value - 1 / 3) < 1e-5)
    expectClose(found.rows[2].faithfulness[0].circuit.values, [4, 5], relative: 1e-5)
    expectClose(found.rows[1].faithfulness[0].circuit.values, [3, 6], relative: 1e-5)
    let spread = found.spread(ofMetric: 0)
    #expect(spread.values.allSatisfy { $0.isFinite })
  }

  @Test func `prompts have means, errors and quantiles`() throws {
    let found = try evaluation().faithfulness(of: direct)
    expectClose(found.recovered.values, [1 / 3, 1 / 3], relative: 1e-5)
    let values = PromptValues([4, 1, 3, .nan, 2])
    #expect(values.quantile(0) == 1 && values.quantile(0.5) == 2.5 && values.quantile(1) == 4)
    #expect(PromptValues([1, 3]).standardError == 1)
    #expect(PromptValues([1]).standardError == nil)
    #expect(PromptValues([]).quantile(0.5).isNaN)
    #expect(PromptValues([.infinity, .infinity]).quantile(0.5) == .infinity)
  }
}
