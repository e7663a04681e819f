import Engine
import Foundation
import Graphs
import Methods
import Models
import Tasks
import TestSupport
import Testing

/// Masks that are trained.
@Suite struct SubnetworkProbingTests {
  private func problem(_ family: String = "gpt2") throws -> DiscoveryProblem {
    let golden = try GoldenModel(family)
    return DiscoveryProblem(model: golden.model, task: try golden.task(Divergence.kl))
  }

  @Test func `the seed decides, and nothing else`() throws {
    let problem = try problem()
    let scores = { (seed: UInt64) in
      try SubnetworkProbing(level: .edges, settings: TrainingSettings(steps: 5, seed: seed))
        .scores(for: problem)
    }
    #expect(try scores(1) == scores(1))
    #expect(try scores(1) != scores(2))
  }

  @Test(arguments: MaskLevel.allCases) func `sparsity decides how much is kept`(level: MaskLevel)
    throws
  {
    let problem = try problem()
    let kept = try [0, 1, 1000].map { sparsity in
      let method = SubnetworkProbing(
        level: level, settings: TrainingSettings(steps: 120, sparsity: sparsity))
      return try method.scores(for: problem).circuit(try #require(method.ownCircuit)).edgeCount
    }
    #expect(kept[0] > kept[1] && kept[1] > kept[2] && kept[2] == 0, "\(kept)")
  }

  @Test(arguments: MaskLevel.allCases) func `the hand-written circuit is found`(level: MaskLevel)
    throws
  {
    let model = Transformer.bundled()
    let task = try CircuitTask(
      name: "induction", pairs: try Induction().pairs(count: 20, seed: 0, model: model),
      metric: LogitDifference(), model: model)
    let method = SubnetworkProbing(
      level: level, settings: TrainingSettings(steps: 200, sparsity: 1))
    let scores = try method.scores(for: DiscoveryProblem(model: model, task: task))
    let circuit = scores.circuit(try #require(method.ownCircuit))
    for edge in ["input->a0.h1<v>", "a0.h1->a1.h2<k>", "a1.h2->logits"] {
      #expect(circuit.edges.map(\.description).contains(edge), "\(edge)")
    }
    #expect(circuit.edgeCount < scores.graph.edgeCount / 4, "\(circuit.edgeCount)")
  }
}
