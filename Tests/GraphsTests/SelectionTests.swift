import Graphs
import Tensors
import TestSupport
import Testing

@Suite struct SelectionTests {
  private let graph = ComputationGraph(layerCount: 1, headCount: 2, dModel: 4)

  private func scores(_ values: [String: Float]) -> EdgeScores {
    EdgeScores(values, graph: graph)
  }

  private func names(_ circuit: Circuit) -> [String] { circuit.edges.map(\.description) }

  @Test func `sizes`() throws {
    let scores = scores(["input->m0": -3, "m0->logits": 2, "input->logits": 1])
    #expect(graph.edgeCount == 13)
    #expect(names(scores.circuit(CircuitSelection(.edges(2)))) == ["input->m0", "m0->logits"])
    #expect(
      names(scores.circuit(CircuitSelection(.edges(2), ranking: .signed)))
        == ["input->logits", "m0->logits"])
    // 2.99 edges are 2, as MIB rounds.
    #expect(scores.circuit(CircuitSelection(.fraction(2.99 / 13))).edgeCount == 2)
    #expect(scores.circuit(CircuitSelection(.fraction(1))).edgeCount == 13)
    #expect(
      names(scores.circuit(CircuitSelection(.threshold(2)))) == ["input->m0", "m0->logits"])
    #expect(
      names(scores.circuit(CircuitSelection(.threshold(2), ranking: .signed))) == ["m0->logits"])
    // Ties keep the canonical order.
    let ties = self.scores([:])
    #expect(
      names(ties.circuit(CircuitSelection(.edges(2)))) == ["input->a0.h0<q>", "input->a0.h1<q>"])
    let dangling = self.scores(["input->a0.h0<q>": 2, "input->logits": 1])
    #expect(
      names(dangling.circuit(CircuitSelection(.edges(2), prunes: true))) == ["input->logits"])
  }

  /// The strongest edge waits until its reader's node is reached.
  @Test func `greedy starts at the logits`() throws {
    let scores = scores([
      "input->a0.h0<v>": 9, "a0.h0->m0": 8, "m0->logits": 1, "input->logits": 2,
      "a0.h1->logits": 0.5,
    ])
    let order = { (count: Int) in
      Set(names(scores.circuit(CircuitSelection(.edges(count), order: .greedy))))
    }
    #expect(order(1) == ["input->logits"])
    #expect(order(2) == ["input->logits", "m0->logits"])
    #expect(order(3) == ["input->logits", "m0->logits", "a0.h0->m0"])
    #expect(order(4) == ["input->logits", "m0->logits", "a0.h0->m0", "input->a0.h0<v>"])
    #expect(scores.circuit(CircuitSelection(.edges(100), order: .greedy)).edgeCount == 13)
  }

  @Test(arguments: [nil, 1] as [Int?]) func `greedy equals the naive search`(shared: Int?) {
    let graph = ComputationGraph(
      layerCount: 3, headCount: 2, keyValueReaderCount: shared, dModel: 4)
    let values = Tensor.random([graph.writerCount, graph.readerCount], seed: 4).values()
    let scores = EdgeScores(values, graph: graph)
    for ranking in EdgeScores.Ranking.allCases {
      var chosen: [Edge] = []
      while chosen.count < 30 {
        // Candidates lead into logits or into a node that an edge already starts from.
        let best = scores.ranked(by: ranking).map(graph.edge(at:)).first { edge in
          !chosen.contains(edge)
            && (edge.reader == .logits || chosen.contains { feeds(edge.reader, $0.writer, graph) })
        }
        if let best { chosen.append(best) }
      }
      let found = scores.circuit(CircuitSelection(.edges(30), ranking: ranking, order: .greedy))
      #expect(Circuit(chosen, graph: graph) == found)
    }
  }

  private func feeds(_ reader: Reader, _ writer: Writer, _ graph: ComputationGraph) -> Bool {
    graph.index(of: reader).map { reader in
      graph.writerIndices(behindReader: reader).map(graph.writer(at:)).contains(writer)
    } ?? false
  }

  @Test func `node circuits hold every edge between the best nodes`() throws {
    // Heads score 3 and −1, the MLP 2.
    let scores = scores([
      "a0.h0->logits": 4, "a0.h0->m0": -1, "a0.h1->logits": -1, "m0->logits": 2,
    ])
    #expect(scores.sumsOfWriters.values == [nil, 3, -1, 2])
    #expect(
      names(scores.circuit(CircuitSelection(.nodes(1)))) == [
        "input->a0.h0<q>", "input->a0.h0<k>", "input->a0.h0<v>", "input->logits", "a0.h0->logits",
      ])
    #expect(scores.circuit(CircuitSelection(.nodes(3))).edgeCount == 13)
    #expect(names(scores.circuit(CircuitSelection(.nodes(0)))) == ["input->logits"])
  }

  @Test func `sets of edges`() throws {
    let circuit = try #require(
      Circuit([Edge("input->m0"), Edge("m0->logits")].compactMap(\.self), graph: graph))
    #expect(circuit.complement.edgeCount == 11)
    #expect(circuit.complement.complement == circuit)
    #expect(circuit.intersection(circuit.complement).edgeCount == 0)
    #expect(circuit.subtracting(circuit).edgeCount == 0)
    #expect(circuit.singleEdges.map(\.name) == ["input->m0", "m0->logits"])
    #expect(circuit.union(of: circuit.singleEdges.map(\.edges)) == circuit)
    #expect(circuit.edgesOutOfEachNode.map(\.name) == ["m0"])
    #expect(circuit.edgesOutOfNodes.edgeCount == 9 && circuit.subtractingInput.edgeCount == 1)
  }
}
