import Graphs
import TestSupport
import Testing

/// Ties, signs and shares beyond the usual: which nodes and edges come first, and how many.
@Suite struct TieTests {
  private let graph = ComputationGraph(layerCount: 1, headCount: 3, dModel: 4)

  @Test func `nodes that tie come in the canonical order`() {
    let scores = EdgeScores(
      ["a0.h0->logits": 1, "a0.h1->logits": 1, "a0.h2->logits": 1, "m0->logits": 1], graph: graph)
    for ranking in EdgeScores.Ranking.allCases {
      for count in 0...4 {
        let circuit = scores.circuit(CircuitSelection(.nodes(count), ranking: ranking))
        #expect(circuit.writers == Array(graph.writers.prefix(1 + count)))
      }
    }
  }

  @Test func `a node that opposes is among the best by magnitude only`() {
    let scores = EdgeScores(["a0.h1->logits": -5, "m0->logits": 2], graph: graph)
    let best = { (ranking: EdgeScores.Ranking) in
      scores.circuit(CircuitSelection(.nodes(1), ranking: ranking)).writers
    }
    #expect(best(.magnitude) == [.input, .head(layer: 0, index: 1)])
    #expect(best(.signed) == [.input, .mlp(layer: 0)])
  }

  @Test func `a circuit's edges that tie keep the canonical order`() {
    let scores = EdgeScores(["a0.h1->m0": -2, "input->logits": 2], graph: graph)
    let circuit = scores.circuit(edgeCount: 9)
    #expect(scores.top(of: circuit).map(\.edge) == scores.top(9).map(\.edge))
    let rest = circuit.edges.filter { scores[$0] == 0 }
    #expect(scores.top(of: circuit).dropFirst(2).map(\.edge) == rest)
  }

  @Test func `shares are of all edges, however odd`() {
    for (share, count) in [(0.5, graph.edgeCount / 2), (1, graph.edgeCount), (0, 0)] {
      #expect(graph.edgeCount(share: share) == count)
    }
    #expect(graph.edgeCount(share: 7) == graph.edgeCount)
    #expect(graph.edgeCount(share: -0.5) == 0 && graph.edgeCount(share: .nan) == 0)
  }

  @Test func `a head is as good as the best of its query, key and value`() {
    let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)
    for nodes in [[0.3, 0.2, 0.1, 0.05], [0.1, 0.3, 0.2, 0.05], [0.2, 0.1, 0.3, 0.05]] as [[Float]]
    {
      let scores = EdgeScores(nodes: nodes, graph: graph)
      #expect(scores[Edge(.head(layer: 0, index: 0), .logits)] == 0.3)
    }
  }

  @Test func `a document marks the circuit's nodes`() throws {
    let circuit = EdgeScores(["input->m0": 1, "a0.h2->logits": 1], graph: graph)
      .circuit(edgeCount: 2)
    let nodes = CircuitDocument(circuit).nodes
    for writer in graph.writers {
      #expect(nodes[writer.description]?.isInGraph == circuit.writers.contains(writer))
    }
    #expect(circuit.writers.count == 3 && nodes["logits"]?.isInGraph == true)
    let open = Circuit(circuit.edges.filter { $0.reader != .logits }, graph: graph)
    #expect(try CircuitDocument(#require(open)).nodes["logits"]?.isInGraph == false)
  }
}
