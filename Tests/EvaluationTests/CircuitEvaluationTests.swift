import Engine
import Evaluation
import Graphs
import Methods
import Models
import Tasks
import Tensors
import TestSupport
import Testing

@Suite struct CircuitEvaluationTests {
  @Test(arguments: Ablation.allCases) func `full circuit is 1 and empty circuit 0`(
    ablation: Ablation
  ) throws {
    let golden = try GoldenModel("gpt2")
    let task = try golden.task(LogitDifference())
    let evaluation = CircuitEvaluation(model: golden.model, task: task, ablation: ablation)
    let scores = EdgeScores(EdgeMask(1, graph: golden.graph).values(), graph: golden.graph)
    let all = evaluation.faithfulness(of: scores.circuit(edgeCount: .max))
    let none = evaluation.faithfulness(of: scores.circuit(edgeCount: 0))
    #expect(abs(all.value - 1) < 1e-4 && abs(none.value) < 1e-4, "\(all.value) \(none.value)")
    #expect(all.full == none.full && all.empty == none.empty)
    #expect(all.full.values.count == task.pairs.count)
  }

  @Test func `the bundled model's three edges do all of the work`() throws {
    let model = Transformer.bundled()
    let task = try CircuitTask(
      name: "induction", pairs: try Induction().pairs(count: 30, seed: 5, model: model),
      metric: LogitDifference(), model: model)
    let edges = ["input->a0.h1<v>", "a0.h1->a1.h2<k>", "a1.h2->logits"].compactMap { Edge($0) }
    let evaluation = CircuitEvaluation(model: model, task: task)
    let whole = try #require(Circuit(edges, graph: model.graph))
    let measured = evaluation.faithfulness(of: [whole], by: [LogitDifference(), Accuracy()])[0]
    #expect(measured[0].value > 0.98 && measured[1].circuit.mean == 1)
    let broken = try #require(Circuit(edges.dropLast(), graph: model.graph))
    #expect(abs(evaluation.faithfulness(of: broken).value) < 0.02)
  }

  /// Several measures share means and nothing else: each is what it is by itself.
  @Test(arguments: [Ablation.mean(), .positionalMean(over: .both)])
  func `measures on the same prompts leave each other alone`(ablation: Ablation) throws {
    let golden = try GoldenModel("gpt2")
    let task = try golden.task(LogitDifference())
    let fresh = { CircuitEvaluation(model: golden.model, task: task, ablation: ablation) }
    let values = Tensor.random([golden.graph.writerCount, golden.graph.readerCount], seed: 1)
    let circuit = EdgeScores(values.values(), graph: golden.graph).circuit(edgeCount: 12)
    let shared = fresh()
    #expect(shared.minimality(of: circuit) == fresh().minimality(of: circuit))
    #expect(shared.faithfulness(of: circuit) == fresh().faithfulness(of: circuit))
    #expect(
      shared.completeness(of: circuit, halves: 2) == fresh().completeness(of: circuit, halves: 2))
  }

  @Test(arguments: Metrics.all.map(\.name)) func `the full model by itself is that beside circuits`(
    metric: String
  ) throws {
    let golden = try GoldenModel("qwen2")
    let metric = try Metrics.named(metric)
    let runs = InterventionRuns(model: golden.model, task: try golden.task(metric))
    let alone = runs.fullModel(by: metric).values
    let beside = runs.measure([], by: [metric]).full[0].values
    #expect(alone.count == beside.count)
    for (one, other) in zip(alone, beside) { #expect(abs(one - other) < 1e-5) }
  }
}
