import Engine
import Evaluation
import Graphs
import TestSupport
import Testing

/// Edges of equal scores are in no order, so nothing is said about one.
@Suite struct TieTests {
  private let graph = ThreeEdgeModel.model.graph

  private func scores(_ values: [String: Float]) -> EdgeScores {
    EdgeScores(values, graph: graph)
  }

  /// Every edge has the magnitude 2; signed, one is below the others.
  private var oneBelow: EdgeScores {
    var values = [Float](repeating: 2, count: graph.writerCount * graph.readerCount)
    values[0] = -2
    return EdgeScores(values, graph: graph)
  }

  @Test func `equal scores have no recovery`() throws {
    let truth = ThreeEdgeModel.circuit("input->m0", "m0->logits")
    for level in RecoveryCurve.Level.allCases {
      for convention in RecoveryCurve.Convention.allCases {
        #expect(RecoveryCurve(of: scores([:]), truth: truth, level: level).area(convention) == nil)
        let flat = RecoveryCurve(of: oneBelow, truth: truth, level: level)
        #expect(flat.area(convention) == nil && !flat.isRanked)
      }
    }
    #expect(RecoveryCurve(of: oneBelow, truth: truth, ranking: .signed).isRanked)
    #expect(RecoveryCurve(points: []).area(.trapezoid) == nil)
    // The best and the worst order are orders, even when two edges are all that differ.
    let best = RecoveryCurve(of: scores(["input->m0": 2, "m0->logits": 2]), truth: truth)
    let worst = RecoveryCurve(
      of: scores(["input->m0": -2, "m0->logits": -2]), truth: truth, ranking: .signed)
    #expect(best.area(.trapezoid) == 1 && worst.area(.trapezoid) == 0)
  }

  @Test func `nothing and everything cannot be recovered`() {
    let ranked = scores(["input->m0": 3, "m0->logits": 1])
    let everything = ranked.circuit(edgeCount: .max)
    for truth in [ThreeEdgeModel.circuit(), everything] {
      #expect(RecoveryCurve(of: ranked, truth: truth).area(.pessimistic) == nil)
      let sweep = RecoveryCurve(of: [ThreeEdgeModel.circuit("input->m0")], truth: truth)
      #expect(sweep.area(.trapezoid) == nil && sweep.points.count == 2)
    }
    // An edge from input to logits has no node to be found.
    let direct = ThreeEdgeModel.circuit("input->logits")
    #expect(RecoveryCurve(of: ranked, truth: direct, level: .nodes).area(.trapezoid) == nil)
    #expect(RecoveryCurve(of: ranked, truth: direct).area(.trapezoid) != nil)
  }

  @Test func `equal scores agree with nothing`() {
    let ranked = scores(["input->m0": 3])
    for flat in [scores([:]), oneBelow] {
      for (one, other) in [(ranked, flat), (flat, ranked), (flat, flat)] {
        let agreement = ScoreAgreement(one, other, by: .magnitude)
        #expect(agreement.spearman == nil)
        #expect([1, 3, 1000].allSatisfy { agreement.overlap(at: $0) == nil })
      }
    }
    #expect(ScoreAgreement(oneBelow, ranked, by: .signed).spearman != nil)
    #expect(ScoreAgreement(ranked, ranked, by: .signed).overlap(at: 0) == nil)
  }

  /// The second place of one is shared by seven edges, of which the other's best is one.
  @Test func `an overlap is the mean over all ways to break ties`() {
    let one = scores(["input->m0": 3])
    let other = scores(["input->m0": 1, "input->logits": 2])
    for (first, second) in [(one, other), (other, one)] {
      let agreement = ScoreAgreement(first, second, by: .magnitude)
      #expect(agreement.overlap(at: 1) == 0)
      expectClose([agreement.overlap(at: 2) ?? .nan], [(1 + 1 / 7.0) / 2], relative: 1e-12)
      expectClose([agreement.overlap(at: 8) ?? .nan], [1], relative: 1e-12)
    }
    // Both have one place for the same seven edges.
    let tied = ScoreAgreement(one, one, by: .magnitude)
    expectClose([tied.overlap(at: 2) ?? .nan], [(1 + 7 / 49.0) / 2], relative: 1e-12)
  }

  @Test func `equal scores are not stable`() {
    let flat = Stability(
      parts: [scores([:]), scores([:])], selection: CircuitSelection(.edges(2)), draws: 5)
    #expect(flat.jaccard.mean.isNaN && flat.rankCorrelation.mean.isNaN)
    #expect(flat.jaccard.quantile(0).isNaN)
    // Opposite scores cancel in draws of both; what is left of the others is still measured.
    let opposite = Stability(
      parts: [scores(["input->m0": 1]), scores(["input->m0": -1])],
      selection: CircuitSelection(.edges(1)), draws: 20)
    #expect(opposite.jaccard.values.contains { $0.isNaN } && opposite.jaccard.quantile(0) == 1)
  }

  @Test func `equal scores have neither CPR nor CMD`() throws {
    let evaluation = CircuitEvaluation(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
    let curves = evaluation.curves(of: oneBelow, by: [.magnitude, .signed])
    #expect(curves[0].area().isNaN && curves[0].distance().isNaN && !curves[0].isRanked)
    #expect(curves[1].area().isFinite && curves[1].isRanked)
    #expect(Bootstrap(draws: 10).area(of: curves[0])?.interval == nil)
  }
}
