import Evaluation
import Experiments
import Graphs
import Methods
import Models
import Reports
import Tasks
import TestSupport
import Testing

/// How far the integral of EAP-IG has converged is told.
@Suite struct IntegralTests {
  /// The scores of the edges out of `input` sum up to what full model and corrupted run differ by.
  @Test(arguments: ["gpt2", "llama"]) func `the gap closes with more steps`(family: String) throws {
    let golden = try GoldenModel(family)
    let task = try golden.task(LogitDifference())
    let problem = DiscoveryProblem(model: golden.model, task: task)
    let found = CircuitEvaluation(model: golden.model, task: task).faithfulness(
      of: EdgeScores([:], graph: golden.graph).circuit(edgeCount: 0))
    let gaps = try [1, 4, 64].map { steps in
      let method = AttributionPatching.integrated(steps: steps, rule: .midpoint)
      return IntegralGap(of: try method.scores(for: problem), found)
    }
    let errors = gaps.map { abs($0.share - 1) }
    #expect(errors[2] < 1e-3 && errors[2] < errors[1] && errors[1] < errors[0], "\(errors)")
    #expect(!gaps[2].isWide && gaps[0].whole == gaps[2].whole)
  }

  @Test func `it is said, and warned of when it is wide`() throws {
    let run = { (method: String, ablation: Ablation) in
      var notes: [String] = []
      let found = try DiscoveryPlan(
        model: ModelReference("planted-or"), task: TaskPlan(count: 20),
        method: try MethodChoice(method), ablation: ablation,
        selection: SelectionPlan(size: .edges(5))
      ).run(telling: ExperimentListener(note: { notes.append($0) }))
      return (found, notes.filter { $0.contains("has not converged") })
    }
    let (few, warned) = try run("eap-ig:steps=1", .resample)
    let (many, silent) = try run("eap-ig:steps=40:rule=midpoint", .resample)
    let share = try #require(few.report.integral).share
    #expect((abs(share - 1) > 0.1) == (warned.count == 1) && warned.count == 1, "\(share)")
    let converged = try #require(many.report.integral).share
    #expect(silent.isEmpty && abs(converged - 1) < 0.02, "\(converged)")
    #expect(many.text().contains("the integral: scores of edges out of input sum to"))
    #expect(try many.record.json().contains("\"integral\" : {"))
    // Nothing sums up where the path does not start at the corrupted run, or there is none.
    #expect(try run("eap-ig", .zero).0.report.integral == nil)
    let (plain, none) = try run("eap", .resample)
    #expect(plain.report.integral == nil && none.isEmpty)
    #expect(!plain.text().contains("integral"))
  }
}
