import Engine
import Evaluation
import Graphs
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// Heads and MLPs: what the model does without them, and what a circuit's edges make of them.
@Suite struct NodeTests {
  private let graph = ThreeEdgeModel.model.graph
  private let all = ThreeEdgeModel.circuit("input->logits", "input->m0", "m0->logits")

  private func evaluation(_ scheme: AblationScheme = AblationScheme()) throws -> CircuitEvaluation {
    CircuitEvaluation(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task(), scheme: scheme)
  }

  /// `m0` is worth 2 t of 3 t, the head nothing, `input` everything.
  @Test func `nodes are ablated one by one and together`() throws {
    let nodes: [Writer] = [.mlp(layer: 0), .head(layer: 0, index: 0), .mlp(layer: 0)]
    let found = try evaluation().effects(of: nodes)
    #expect(found.map(\.nodes) == [[nodes[0]], [nodes[1]], [nodes[0], nodes[1]]])
    #expect(found[0].metrics.map(\.name).sorted() == Metrics.all.map(\.name).sorted())
    for (effect, expected) in zip(found, [[2.0, 4], [0, 0], [2, 4]]) {
      let measured = effect.metrics[0]
      #expect(measured.name == "logit-difference")
      expectClose(measured.full.values, [3, 6], relative: 1e-5)
      expectClose(measured.effect.values, expected, relative: 1e-5, to: 6)
    }
    // (2, 4) has a standard error of 1; those of (3, 6) and (1, 2) are 1.5 and 0.5.
    #expect(abs(try #require(found[0].metrics[0].effect.standardError) - 1) < 1e-4)
    let input = try evaluation().effects(of: [.input], by: [LogitDifference()])
    #expect(input.count == 1 && input[0].metrics.count == 1)
    expectClose(input[0].metrics[0].effect.values, [3, 6], relative: 1e-5)
    #expect(try evaluation().effects(of: []).isEmpty)
  }

  /// The corrupted prompts end in 0; both positions of both have a mean of 1.
  @Test func `ablation and positions are the scheme's`() throws {
    let mean = try evaluation(AblationScheme(.mean(over: .corrupted)))
      .effects(of: [.mlp(layer: 0)], by: [LogitDifference()])
    expectClose(mean[0].metrics[0].ablated.values, [1 + 2, 2 + 2], relative: 1e-5)
    let first = try #require(AblatedPositions("0"))
    let elsewhere = try evaluation(AblationScheme(positions: first))
      .effects(of: [.mlp(layer: 0)], by: [LogitDifference()])
    expectClose(elsewhere[0].metrics[0].ablated.values, [3, 6], relative: 1e-5)
  }

  @Test(arguments: [
    Writer.head(layer: 1, index: 0), .head(layer: 0, index: 1), .mlp(layer: 1),
  ]) func `a node that the model lacks`(node: Writer) throws {
    let error = #expect(throws: UnknownNodeError.self) {
      try evaluation().effects(of: [.mlp(layer: 0), node])
    }
    #expect(error?.node == node && error?.description.contains("\"\(node)\"") == true)
  }

  @Test func `the nodes of a circuit`() throws {
    let scores = EdgeScores(
      ["m0->logits": 3, "input->m0": -2, "input->logits": 1], graph: graph)
    let nodes = try evaluation().nodes(of: all, scores: scores)
    #expect(nodes.map(\.node) == [.mlp(layer: 0)])
    let node = nodes[0]
    #expect(node.readCount == 1 && node.writeCount == 1)
    #expect(
      node.strongestRead
        == CircuitNode.Link(edge: Edge(.input, .mlp(layer: 0)), score: -2))
    #expect(
      node.strongestWrite
        == CircuitNode.Link(edge: Edge(.mlp(layer: 0), .logits), score: 3))
    expectClose(try #require(node.directEffect).values, [2, 4], relative: 1e-5)
    // Not in the circuit, the edge to the logits is not one of the node's; nor are there scores.
    let dangling = try evaluation().nodes(of: ThreeEdgeModel.circuit("input->m0"))
    #expect(dangling.map(\.writeCount) == [0] && dangling[0].directEffect == nil)
    #expect(dangling[0].strongestRead == nil)
    #expect(try evaluation().nodes(of: ThreeEdgeModel.circuit()).isEmpty)
  }

  /// A direct effect is what the circuit loses without the edge, and edges are counted at both ends.
  @Test func `counts and effects of many nodes`() throws {
    let golden = try GoldenModel("qwen2")
    let graph = golden.graph
    let random = Tensor.random([graph.writerCount, graph.readerCount], seed: 4)
    let scores = EdgeScores(random.values(), graph: graph)
    let circuit = scores.circuit(edgeCount: graph.edgeCount / 2).pruned()
    let evaluation = CircuitEvaluation(
      model: golden.model, task: try golden.task(LogitDifference()))
    let nodes = evaluation.nodes(of: circuit, scores: scores)
    let intoLogits = circuit.edges.count { $0.reader == .logits }
    let outOfInput = circuit.edges.count { $0.writer == .input }
    #expect(nodes.map(\.readCount).reduce(0, +) == circuit.edgeCount - intoLogits)
    #expect(nodes.map(\.writeCount).reduce(0, +) == circuit.edgeCount - outOfInput)
    let whole = evaluation.faithfulness(of: circuit).circuit.values
    for node in nodes {
      let edge = Edge(node.node, .logits)
      #expect((node.directEffect == nil) == !circuit.contains(edge))
      guard let effect = node.directEffect else { continue }
      let rest = try #require(Circuit(circuit.edges.filter { $0 != edge }, graph: graph))
      let without = evaluation.faithfulness(of: rest).circuit.values
      expectClose(
        effect.values, zip(whole, without).map { $0 - $1 }, relative: 1e-4, to: 1, "\(edge)")
      let writes = circuit.edges.filter { $0.writer == node.node }.map { abs(scores[$0]) }
      #expect(node.strongestWrite.map { abs($0.score) } == writes.max())
    }
  }
}
