import Engine
import Evaluation
import Graphs
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// The smallest circuit that keeps a share, on a model worked out by hand and against every size of another.
@Suite struct CircuitSearchTests {
  private let graph = ThreeEdgeModel.model.graph
  private let magnitude = EdgeOrder(.magnitude)
  private let signed = EdgeOrder(.signed)

  /// By magnitude 1, 2, 3 and 8 edges keep 0, ⅔, 1 and 1; signed 1, 2, 7 and 8 keep 0, ⅓, ⅓ and 1.
  private var scores: EdgeScores {
    EdgeScores(["m0->logits": 3, "input->m0": -2, "input->logits": 1], graph: graph)
  }

  private func search(
    _ share: Double, _ orders: [EdgeOrder] = EdgeOrder.usual, scores: EdgeScores? = nil
  ) throws -> CircuitSearch {
    CircuitEvaluation(model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
      .smallestCircuit(of: scores ?? self.scores, keeping: share, orders: orders)
  }

  @Test(arguments: [
    (0.3, EdgeScores.Ranking.signed, 2, 1, 1 / 3.0), (0.4, .magnitude, 2, 2, 2 / 3.0),
    (0.85, .magnitude, 3, 3, 1), (1, .magnitude, 3, 3, 1),
  ]) func `the smallest circuit of the better order`(
    share: Double, ranking: EdgeScores.Ranking, edgeCount: Int, prunedCount: Int, value: Double
  ) throws {
    let kept = try #require(try search(share, [signed, magnitude]).kept)
    #expect(kept.order.ranking == ranking && kept.edgeCount == edgeCount && kept.share == share)
    #expect(kept.circuit.edgeCount == prunedCount && kept.circuit == kept.circuit.pruned())
    expectClose([kept.faithfulness.value], [value], relative: 1e-5)
    // Both prompts have the same ratio.
    let interval = try #require(kept.interval)
    expectClose([interval.lowerBound, interval.upperBound], [value, value], relative: 1e-5)
    #expect(kept.probability == 1)
  }

  /// From `logits` up: the edge of 3, then that of −2; the one of 1 comes third.
  @Test func `greedy is an order, too`() throws {
    let greedy = EdgeOrder(.magnitude, .greedy)
    let kept = try #require(try search(0.5, [greedy]).kept)
    #expect(kept.order == greedy)
    #expect(kept.circuit == ThreeEdgeModel.circuit("input->m0", "m0->logits"))
  }

  /// Signed, five edges of 0 come between: none of them alone, and the last edge makes it whole.
  @Test func `edges that tie are taken up together`() throws {
    let kept = try #require(try search(0.5, [signed]).kept)
    #expect(kept.edgeCount == 8 && kept.circuit.edgeCount == 8)
    // With the direct edge among the ties, all five others come with it.
    let tied = EdgeScores(["m0->logits": 3, "input->m0": -2], graph: graph)
    #expect(try #require(try search(0.3, [signed], scores: tied).kept).edgeCount == 7)
  }

  @Test func `the other metrics are measured beside`() throws {
    let kept = try #require(try search(0.5).kept)
    #expect(kept.metrics.map(\.name).sorted() == Metrics.all.map(\.name).sorted())
    #expect(kept.metrics[0].name == "logit-difference")
    #expect(kept.metrics[0].faithfulness == kept.faithfulness)
    let kl = try #require(kept.metrics.first { $0.name == "kl" }).faithfulness
    #expect(abs(kl.full.mean) < 1e-6 && kl.empty.mean < kl.circuit.mean && kl.circuit.mean < 0)
    #expect(kept.caveats().isEmpty == kept.caveats(inSample: kept.faithfulness).isEmpty)
  }

  @Test func `a share that no circuit keeps`() throws {
    guard case .outOfReach(let best) = try search(1.5) else {
      Issue.record("150 % of the full model")
      return
    }
    #expect(abs(best.faithfulness.value - 1) < 1e-5 && best.probability == 0)
    #expect(try search(1.5).kept == nil)
  }

  @Test func `equal scores and equal runs are told apart from too little`() throws {
    let flat = EdgeScores([:], graph: graph)
    guard case .unranked = try search(0.5, scores: flat) else {
      Issue.record("equal scores")
      return
    }
    let pairs = ThreeEdgeModel.pairs.map {
      PromptPair(
        clean: $0.clean, corrupted: $0.clean, answers: $0.answers, wrongAnswers: $0.wrongAnswers)
    }
    let task = try CircuitTask(
      name: "same", pairs: pairs, metric: LogitDifference(), model: ThreeEdgeModel.model)
    let found = CircuitEvaluation(model: ThreeEdgeModel.model, task: task)
      .smallestCircuit(of: scores, keeping: 0.5)
    guard case .untelling(let full, let empty) = found else {
      Issue.record("\(found)")
      return
    }
    expectClose(full.values, [3, 6], relative: 1e-5)
    expectClose(empty.values, [3, 6], relative: 1e-5)
  }

  /// All sizes of random scores: the size found keeps the share and one less than 2 % below it does not, nor does
  /// any of 1, 4, 16 … below it.
  @Test(arguments: [0.2, 0.6, 0.95], [1, 2] as [UInt64])
  func `the size before the one that is found is too small`(share: Double, seed: UInt64) throws {
    let golden = try GoldenModel("gpt2")
    let graph = golden.graph
    let random = Tensor.random([graph.writerCount, graph.readerCount], seed: seed)
    let scores = EdgeScores(random.values(), graph: graph)
    let evaluation = CircuitEvaluation(
      model: golden.model, task: try golden.task(LogitDifference()))
    var activities: [String] = []
    var last = RunProgress("", done: 0, total: 1)
    let found = evaluation.smallestCircuit(of: scores, keeping: share, orders: [magnitude]) {
      if $0.activity != activities.last { activities.append($0.activity) }
      last = $0
    }
    let kept = try #require(found.kept)
    let sizes = Array(1...graph.edgeCount)
    let circuits = scores.circuits(edgeCounts: sizes).map { $0.pruned() }
    let all = evaluation.faithfulness(of: circuits, by: [LogitDifference()]).map { $0[0].value }
    #expect(kept.faithfulness.value >= share && kept.circuit == circuits[kept.edgeCount - 1])
    expectClose([kept.faithfulness.value], [all[kept.edgeCount - 1]], relative: 1e-5)
    let below = (kept.edgeCount - 1 - kept.edgeCount / 50)..<kept.edgeCount
    #expect(kept.edgeCount == 1 || below.contains { $0 > 0 && all[$0 - 1] < share })
    for size in [1, 4, 16, 64] where size < kept.edgeCount {
      #expect(all[size - 1] < share, "size \(size) of \(kept.edgeCount)")
    }
    // A pass for each four rungs, halvings between two of them, and one for all metrics.
    #expect(activities.count <= 3 + 7 && last.done == last.total, "\(activities)")
  }

  @Test func `the same search ends the same`() throws {
    let (one, other) = (try search(0.5).kept, try search(0.5).kept)
    #expect(one?.circuit == other?.circuit && one?.resampled == other?.resampled)
  }
}
