import Engine
import Files
import Foundation
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Laws of scores of nodes.
@Suite struct NodeAttributionTests {
  /// A node's score is what the metric loses, to first order, when all edges out of it are ablated a little.
  @Test(arguments: ["gpt_neox", "llama"]) func `finite differences`(family: String) throws {
    let golden = try GoldenModel(family)
    let problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()))
    let nodes = try #require(try NodeAttribution().scores(for: problem) { _ in }.nodes)
    let graph = problem.graph
    let signs = try golden.logitDifferenceGradient()
    let prompts = Double(golden.clean.promptCount)
    let ablated = AblatedStream(
      PlainRun(golden.model, batch: golden.corrupted).forward().writes, model: golden.model)
    let loss = { (writer: Int, strength: Float) -> Double in
      var values = EdgeMask(1, graph: graph).values()
      for offset in graph.edgeOffsets(ofWriter: writer) { values[offset] = strength }
      let mask = EdgeMask(values, graph: graph)
      let run = MaskedRun(golden.model, batch: golden.clean, mask: mask, ablated: ablated)
      return -run.forward().logits.rowProducts(signs).reduce(0, +) / prompts
    }
    for writer in 1..<graph.writerCount {
      let step: Float = 1e-2
      let slope = (loss(writer, 1 - step) - loss(writer, 1 + step)) / Double(2 * step)
      let score = Double(try #require(nodes.values[writer]))
      #expect(abs(slope - score) <= 2e-3 + 1e-2 * abs(score), "\(graph.writer(at: writer))")
    }
  }

  @Test func `edges follow from nodes`() throws {
    let graph = ComputationGraph(layerCount: 1, headCount: 2, dModel: 4)
    let nodes = NodeScores([nil, -3, 2, -.infinity], graph: graph)
    let scores = EdgeScores(nodes: nodes)
    let score = { (name: String) in Edge(name).map { scores[$0] } }
    #expect(score("input->a0.h0<q>") == -3)
    #expect(score("input->a0.h1<v>") == 2)
    #expect(score("a0.h1->logits") == 2)
    #expect(score("input->logits") == 3)
    #expect(score("a0.h0->m0") == -.infinity)
    // By magnitude and signed, the edges above a threshold are those between the nodes above it.
    #expect(
      scores.circuit(threshold: 2.5).offsets == nodes.circuit(nodeCount: 1).offsets)
    #expect(
      scores.circuit(threshold: 1, by: .signed).offsets
        == nodes.circuit(nodeCount: 1, by: .signed).offsets)
    #expect(
      scores.circuit(CircuitSelection(.nodes(1))).offsets == nodes.circuit(nodeCount: 1).offsets)
  }

  @Test func `prompts by themselves, and a file and back`() throws {
    let golden = try GoldenModel("llama")
    let problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()))
    let method = NodeAttribution(edges: .integrated(steps: 3, rule: .right))
    let whole = try method.scores(for: problem) { _ in }
    let groups = problem.task.pairs.indices.map { $0..<($0 + 1) }
    let mean = EdgeScores(
      meanOf: try method.promptScores(for: problem, groups: groups, run: MethodRun()))
    expectClose(
      mean.values.map(Double.init), whole.values.map(Double.init), relative: 1e-5, "mean of prompts"
    )
    #expect(mean.nodes != nil)
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "scores.safetensors")
      try whole.safetensors(method: "nap-ig", metric: "logit-difference").write(to: file)
      #expect(try EdgeScores(safetensors: file) == whole)
    }
  }

  /// What flows into a reader adds up to 1.
  @Test func `shares of a read`() throws {
    let golden = try GoldenModel("gpt2")
    let problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()))
    for averaging in InformationFlow.Averaging.allCases {
      let scores = try InformationFlow(averaging: averaging).scores(for: problem) { _ in }
      for reader in 0..<problem.graph.readerCount {
        let sum = (0..<problem.graph.writerCount).reduce(Float(0)) {
          $0 + scores.values[$1 * problem.graph.readerCount + reader]
        }
        #expect(abs(sum - 1) < 1e-5)
      }
    }
  }
}
