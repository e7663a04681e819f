import Graphs
import Testing

@Suite struct EdgeScoresTests {
  private let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 8)

  private func scores(_ named: [String: Float]) -> EdgeScores {
    var values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for (name, value) in named {
      if let offset = Edge(name).flatMap(graph.offset(of:)) { values[offset] = value }
    }
    return EdgeScores(values, graph: graph)
  }

  @Test func `magnitude and signed rank differently`() {
    let scores = scores(["input->m0": -3, "a0.h0->logits": 2, "m0->logits": 1])
    #expect(
      scores.top(3).map(\.edge.description) == ["input->m0", "a0.h0->logits", "m0->logits"])
    #expect(
      scores.top(2, by: .signed).map(\.edge.description) == ["a0.h0->logits", "m0->logits"])
    #expect(scores.ranked(by: .signed).last == graph.offset(of: Edge(.input, .mlp(layer: 0))))
  }

  @Test func `ties keep the canonical order`() {
    #expect(scores([:]).ranked() == graph.edgeOffsets)
    let tied = scores(["m0->logits": 1, "input->logits": -1, "a0.h0->m0": 1])
    #expect(
      tied.top(3).map(\.edge.description) == ["input->logits", "a0.h0->m0", "m0->logits"])
  }

  @Test func `top and threshold choose the edges that they say`() {
    let scores = scores(["input->m0": -3, "a0.h0->logits": 2, "m0->logits": 1])
    #expect(scores.circuit(edgeCount: 0).edgeCount == 0)
    #expect(scores.circuit(edgeCount: 10_000).edgeCount == graph.edgeCount)
    #expect(
      scores.circuit(threshold: 2).edges.map(\.description) == ["input->m0", "a0.h0->logits"])
    #expect(scores.circuit(threshold: 2, by: .signed).edges.map(\.description) == ["a0.h0->logits"])
  }

  @Test func `places without an edge hold nothing`() {
    let values = [Float](repeating: 5, count: graph.writerCount * graph.readerCount)
    let scores = EdgeScores(values, graph: graph)
    #expect(scores.values.filter { $0 != 0 }.count == graph.edgeCount)
    #expect(scores[Edge(.mlp(layer: 0), .mlp(layer: 0))] == 0)
    #expect(EdgeMask(values, graph: graph) == EdgeMask(5, graph: graph))
  }
}
