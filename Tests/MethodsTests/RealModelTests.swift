import Engine
import Evaluation
import Graphs
import Methods
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// SmolLM2-135M on indirect object prompts against a float64 oracle.
@Suite(.tags(.realModel), .enabled(if: RealModel.isThere), .serialized)
struct RealModelTests {
  private let golden: Golden
  private let model: Transformer
  private let task: CircuitTask

  init() throws {
    golden = try Golden("smollm2-135m", "ioi")
    model = try RealModel.model.get()
    let clean = try golden.prompts("tokens.clean")
    let corrupted = try golden.prompts("tokens.corrupted")
    let (answers, wrong) = (
      try golden.integers("answers"), try golden.integers("wrong_answers")
    )
    task = try CircuitTask(
      name: "ioi",
      pairs: clean.indices.map {
        PromptPair(
          clean: clean[$0], corrupted: corrupted[$0], answers: [answers[$0]],
          wrongAnswers: [wrong[$0]])
      }, metric: LogitDifference(), model: model)
  }

  @Test func `last-position logits`() throws {
    for run in ["clean", "corrupted"] {
      let batch = TokenBatch(try golden.prompts("tokens.\(run)"))
      expectClose(
        model.logits(batch), try golden.tensor("logits_last.\(run)"), relative: 1e-4, run)
    }
  }

  @Test func `EAP`() throws {
    let scores = try AttributionPatching.plain.scores(
      for: DiscoveryProblem(model: model, task: task))
    expectClose(
      scores.values.map(Double.init),
      try golden.tensor("eap.logit_difference").values().map(Double.init), relative: 1e-3)
  }

  @Test func `EAP-IG`() throws {
    let scores = try AttributionPatching.integrated(steps: 5, rule: .left).scores(
      for: DiscoveryProblem(model: model, task: task))
    expectClose(
      scores.values.map(Double.init),
      try golden.tensor("eap_ig_inputs.left.steps5.logit_difference").values().map(Double.init),
      relative: 1e-3)
  }

  @Test func `exact patching of some edges`() throws {
    let indices = try golden.integers("exact.edge_index").map(Int.init)
    let graph = model.graph
    let edges = stride(from: 0, to: indices.count, by: 2).map {
      Edge(graph.writer(at: indices[$0]), graph.reader(at: indices[$0 + 1]))
    }
    let scores = try ExactPatching(edges: edges).scores(
      for: DiscoveryProblem(model: model, task: task))
    expectClose(
      edges.map { Double(scores[$0]) },
      try golden.tensor("exact.logit_difference").values().map(Double.init), relative: 1e-3)
  }

  /// As MIB publishes for random scores, a quarter and three quarters: all of it in the last trapezoid.
  ///
  /// Up to a fifth of the edges nothing is left of the behaviour; half of them keep `input->m0` or not, so
  /// that single scores vary by a tenth.
  @Test func `CPR and CMD of random scores`() throws {
    let graph = model.graph
    let evaluation = CircuitEvaluation(model: model, task: task)
    let curves = (1...4 as ClosedRange<UInt64>).map { seed in
      let random = Tensor.random([graph.writerCount, graph.readerCount], seed: seed)
      return evaluation.curves(
        of: EdgeScores(random.values(), graph: graph), by: [.signed, .magnitude])
    }
    for curve in curves.joined() {
      #expect(curve.points.dropLast(2).allSatisfy { abs($0.faithfulness.value) < 0.05 })
      #expect(abs((curve.points.last?.faithfulness.value ?? 0) - 1) < 1e-5)
    }
    let cpr = PromptValues(curves.map { $0[0].area() })
    let cmd = PromptValues(curves.map { $0[1].distance() })
    #expect(abs(cpr.mean - 0.25) < 0.05 && abs(cmd.mean - 0.75) < 0.05, "\(cpr) \(cmd)")
  }
}
