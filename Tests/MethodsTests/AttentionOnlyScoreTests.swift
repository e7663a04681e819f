import Engine
import Graphs
import Tasks
import TestSupport
import Testing

import Methods

/// Scores of a model without MLPs are those of the same with MLPs that write nothing.
@Suite struct AttentionOnlyScoreTests {
  @Test(arguments: ["gpt2", "gpt_neox", "llama"]) func `edge by edge`(family: String) throws {
    let golden = try GoldenModel(family)
    let task = try golden.task(LogitDifference())
    let problem = { (isNamed: Bool) in
      let model = golden.model.silencingMLPs(named: isNamed)
      return DiscoveryProblem(
        model: model,
        task: try CircuitTask(
          name: "golden", pairs: task.pairs, metric: LogitDifference(), model: model))
    }
    let (bare, silent) = (try problem(false), try problem(true))
    let places = silent.graph.offsets(ofEdgesIn: bare.graph)
    let methods = try ["eap", "eap-ig:steps=3", "exact", "hisp", "ifr", "acdc:tau=0.01", "relp"]
      .map { try MethodChoice($0) }
    for choice in methods {
      let method = choice.method.make(choice.options())
      let (own, other) = (try method.scores(for: bare), try method.scores(for: silent))
      expectClose(
        bare.graph.edgeOffsets.map { Double(own.values[$0]) },
        places.map { Double(other.values[$0]) }, relative: 1e-5, "\(family), \(choice.text)")
    }
  }

  @Test func `each module is its heads alone`() throws {
    let golden = try GoldenModel("gpt2")
    let model = golden.model.silencingMLPs(named: false)
    let task = try CircuitTask(
      name: "golden", pairs: golden.task(LogitDifference()).pairs, metric: LogitDifference(),
      model: model)
    let problem = DiscoveryProblem(model: model, task: task)
    let choice = try MethodChoice("eap-ig-activations:steps=2")
    let passes = choice.method.passes(choice.options(), problem)
    #expect(passes.backward == Double(2 * (problem.graph.layerCount + 1)))
    let scores = try choice.method.make(choice.options()).scores(for: problem)
    #expect(problem.graph.edgeOffsets.contains { scores.values[$0] != 0 })
  }
}
