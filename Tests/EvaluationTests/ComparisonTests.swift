import Engine
import Evaluation
import Graphs
import Methods
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// Circuits and scores against each other, worked out by hand.
@Suite struct ComparisonTests {
  private let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)

  private func scores(_ values: [String: Float]) -> EdgeScores {
    EdgeScores(values, graph: graph)
  }

  private func circuit(_ names: String...) throws -> Circuit {
    try #require(Circuit(names.compactMap { Edge($0) }, graph: graph))
  }

  @Test func `overlap counts edges and nodes`() throws {
    let overlap = CircuitOverlap(
      of: try circuit("input->logits", "input->m0", "m0->logits"),
      with: try circuit("input->a0.h0<v>", "a0.h0->logits", "input->m0", "m0->logits"))
    #expect(overlap.edges == CircuitOverlap.Counts(found: 3, truth: 4, both: 2))
    #expect(overlap.nodes == CircuitOverlap.Counts(found: 1, truth: 2, both: 1))
    #expect(overlap.edges.precision == 2 / 3.0 && overlap.edges.recall == 0.5)
    #expect(overlap.edges.jaccard == 0.4 && overlap.nodes.jaccard == 0.5)
    let nothing = try circuit()
    let empty = CircuitOverlap(of: nothing, with: nothing)
    #expect(empty.edges.jaccard == 1 && empty.edges.precision.isNaN)
  }

  /// ACDC's published tracr-reverse row: one point with a fifth of the truth and nothing else.
  @Test func `the two conventions of AUC`() throws {
    let point = RecoveryCurve.Point(falsePositiveRate: 0, truePositiveRate: 0.2)
    let curve = RecoveryCurve(points: [point, point])
    #expect(abs(try #require(curve.area(.pessimistic)) - 0.2) < 1e-12)
    #expect(abs(try #require(curve.area(.trapezoid)) - 0.6) < 1e-12)
    // A point below the frontier changes the trapezoids, not the staircase.
    let dominated = RecoveryCurve(points: [
      point, RecoveryCurve.Point(falsePositiveRate: 0.5, truePositiveRate: 0.1),
    ])
    #expect(abs(try #require(dominated.area(.pessimistic)) - 0.2) < 1e-12)
    #expect(try #require(dominated.area(.trapezoid)) < 0.6)
  }

  @Test func `ROC of scores, edges that tie chosen together`() throws {
    let truth = try circuit("input->m0", "m0->logits")
    let found = scores(["input->m0": 3, "input->logits": -2, "m0->logits": 1])
    // By magnitude: true, false, true, then five ties of false ones: of 6 others and 2 true.
    let curve = RecoveryCurve(of: found, truth: truth)
    #expect(
      curve.points.map(\.falsePositiveRate) == [0, 0, 1 / 6.0, 1 / 6.0, 1])
    #expect(curve.points.map(\.truePositiveRate) == [0, 0.5, 0.5, 1, 1])
    expectClose([try #require(curve.area(.pessimistic))], [0.5 + 0.5 * 5 / 6], relative: 1e-12)
    expectClose([try #require(curve.area(.trapezoid))], [0.5 / 6 + 5 / 6.0], relative: 1e-12)
    // Signed, the false one comes last.
    #expect(RecoveryCurve(of: found, truth: truth, ranking: .signed).area(.trapezoid) == 1)
    // m0 is the one true node; its best edge beats the head's, which ties at 0.
    #expect(RecoveryCurve(of: found, truth: truth, level: .nodes).area(.pessimistic) == 1)
    let sweep = RecoveryCurve(
      of: [try circuit("input->m0"), try circuit("input->m0", "input->logits")], truth: truth)
    #expect(sweep.points.map(\.truePositiveRate) == [0, 0.5, 0.5, 1])
    #expect(sweep.points.map(\.falsePositiveRate) == [0, 0, 1 / 6.0, 1])
  }

  @Test func `agreement of scores`() throws {
    let one = scores(["input->m0": 3, "input->logits": 2, "m0->logits": 1])
    let other = scores(["input->m0": 1, "input->logits": 2, "m0->logits": 3])
    let same = ScoreAgreement(one, one, by: .magnitude)
    #expect(abs(try #require(same.spearman) - 1) < 1e-12 && same.overlap(at: 2) == 1)
    let found = ScoreAgreement(one, other, by: .magnitude)
    // Ranks: five ties of 3, then 6, 7, 8 against 8, 7, 6. Deviations −1.5 (5 times), 1.5, 2.5, 3.5.
    let square = 5 * 2.25 + 2.25 + 6.25 + 12.25
    let product = 5 * 2.25 + 2 * 1.5 * 3.5 + 6.25
    expectClose([try #require(found.spearman)], [product / square], relative: 1e-12)
    #expect(found.overlap(at: 1) == 0 && found.overlap(at: 2) == 0.5 && found.overlap(at: 3) == 1)
    #expect(found.overlap(at: 1000) == 1)
  }

  @Test func `stability over drawn prompts`() throws {
    let one = scores(["input->m0": 3])
    let other = scores(["input->logits": 3])
    let steady = Stability(
      parts: [one, one, one], selection: CircuitSelection(.edges(1)), draws: 5)
    #expect(steady.jaccard.values == [Double](repeating: 1, count: 10))
    #expect(abs(steady.rankCorrelation.mean - 1) < 1e-12)
    // The better half of the drawn prompts decides, so draws of two kinds disagree.
    let split = { (seed: UInt64) in
      Stability(
        parts: [one, one, other], selection: CircuitSelection(.edges(1)), draws: 40, seed: seed)
    }
    #expect(split(1).jaccard.mean < 1 && split(1).jaccard.mean > 0)
    #expect(split(1) == split(1))
  }

  @Test func `random circuits keep size and layers`() throws {
    let graph = ComputationGraph(layerCount: 4, headCount: 3, dModel: 4)
    let values = Tensor.random([graph.writerCount, graph.readerCount], seed: 1).values()
    let circuit = EdgeScores(values, graph: graph).circuit(edgeCount: 40)
    var generator = SeededGenerator(seed: 2)
    let random = circuit.randomOfSameProfile(using: &generator)
    let profile = { (circuit: Circuit) in
      circuit.edges.map { "\(layer($0.writer)) \(layer($0.reader))" }.sorted()
    }
    #expect(random != circuit && random.edgeCount == 40)
    #expect(profile(random) == profile(circuit))
    var again = SeededGenerator(seed: 2)
    #expect(circuit.randomOfSameProfile(using: &again) == random)
  }

  private func layer(_ writer: Writer) -> String {
    switch writer {
    case .input: "input"
    case .head(let layer, _), .mlp(let layer): "\(layer)"
    }
  }

  private func layer(_ reader: Reader) -> String {
    switch reader {
    case .head(let layer, _, _), .mlp(let layer): "\(layer)"
    case .logits: "logits"
    }
  }

  @Test func `random circuits of the bundled model do nothing`() throws {
    let model = Transformer.bundled()
    let task = try CircuitTask(
      name: "induction", pairs: try Induction().pairs(count: 20, seed: 5, model: model),
      metric: LogitDifference(), model: model)
    let scores = try AttributionPatching.plain.scores(
      for: DiscoveryProblem(model: model, task: task))
    let evaluation = CircuitEvaluation(model: model, task: task)
    let random = evaluation.randomBaseline(like: scores.circuit(edgeCount: 3), count: 8, seed: 1)
    #expect(random.values.quantile(0.5) < 0.05 && random.circuits.count == 8)
    #expect(evaluation.faithfulness(of: scores.circuit(edgeCount: 3)).value > 0.98)
  }
}
