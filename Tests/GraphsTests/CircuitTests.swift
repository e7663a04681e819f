import Foundation
import Graphs
import Tensors
import Testing

@Suite struct CircuitTests {
  @Test func `documents of very large graphs list the circuit alone`() {
    let graph = ComputationGraph(layerCount: 2, headCount: 2, dModel: 4)
    let circuit = Circuit(offsets: Array(graph.edgeOffsets.prefix(3)), graph: graph)
    #expect(CircuitDocument(circuit).edges.count == graph.edgeCount)
    let short = CircuitDocument(circuit, listing: 10)
    #expect(Set(short.edges.keys) == Set(circuit.edges.map(\.description)))
    #expect(short.nodes == CircuitDocument(circuit).nodes)
    let grouped = ComputationGraph(layerCount: 2, headCount: 2, keyValueReaderCount: 1, dModel: 4)
    let other = Circuit(offsets: Array(grouped.edgeOffsets.prefix(3)), graph: grouped)
    #expect(CircuitDocument(other, listing: 10).edges.count == grouped.edgeCount)
  }

  private let graph = ComputationGraph(layerCount: 3, headCount: 2, dModel: 8)

  private func circuit(_ names: [String], _ graph: ComputationGraph? = nil) throws -> Circuit {
    try #require(Circuit(names.compactMap { Edge($0) }, graph: graph ?? self.graph))
  }

  @Test func `members are found, in any order given`() throws {
    let circuit = try circuit(["m0->logits", "input->m0", "m0->logits"])
    #expect(circuit.edges.map(\.description) == ["input->m0", "m0->logits"])
    #expect(circuit.contains(Edge(.input, .mlp(layer: 0))))
    #expect(!circuit.contains(Edge(.input, .logits)))
    #expect(circuit.writers == [.input, .mlp(layer: 0)])
    #expect(Circuit([Edge(.mlp(layer: 7), .logits)], graph: graph) == nil)
  }

  @Test func `dangling nodes go, one after another`() throws {
    let kept = ["input->a0.h0<v>", "a0.h0->m1", "m1->logits"]
    let dangling = [
      "a0.h1->m0",  // nothing reaches a0.h1
      "m0->a1.h0<q>", "a1.h0->m2",  // a chain that ends at m2
      "input->a2.h1<k>",
    ]
    #expect(try circuit(kept + dangling).pruned() == circuit(kept))
    #expect(try circuit(dangling).pruned().edgeCount == 0)
  }

  @Test func `pruning equals dropping nodes until nothing changes`() {
    var generator = SeededGenerator(seed: 3)
    for (grouped, hasMLPs) in [(nil, true), (1, true), (nil, false)] as [(Int?, Bool)] {
      let graph = ComputationGraph(
        layerCount: 3, headCount: 2, keyValueReaderCount: grouped, hasMLPs: hasMLPs, dModel: 8)
      for count in stride(from: 0, to: 40, by: 3) {
        let edges = graph.edgeOffsets.shuffled(using: &generator).prefix(count).map(graph.edge(at:))
        guard let circuit = Circuit(edges, graph: graph) else { continue }
        #expect(Set(circuit.pruned().edges) == naivePruning(Set(circuit.edges), graph))
      }
    }
  }

  /// Drops edges whose writer has nothing coming in or whose reader's nodes lead nowhere.
  private func naivePruning(_ edges: Set<Edge>, _ graph: ComputationGraph) -> Set<Edge> {
    let kept = edges.filter { edge in
      let hasInput =
        edge.writer == .input || edges.contains { graph.feeds($0.reader, edge.writer) }
      let hasOutput =
        edge.reader == .logits || edges.contains { graph.feeds(edge.reader, $0.writer) }
      return hasInput && hasOutput
    }
    return kept == edges ? kept : naivePruning(kept, graph)
  }

  @Test func `a document of the EAP-IG package is kept as it is`() throws {
    let text = """
      {"cfg":{"n_layers":1,"n_heads":1,"parallel_attn_mlp":false,"d_model":4},
       "nodes":{"input":{"in_graph":true},"a0.h0":{"in_graph":true,"score":0.5,"neurons":[true,false],
        "neurons_scores":[0.1,0.2]},"m0":{"in_graph":false},"logits":{}},
       "edges":{"input->a0.h0<q>":{"score":0.01,"in_graph":false},
        "input->a0.h0<v>":{"score":-0.5,"in_graph":true},"a0.h0->logits":{"in_graph":true}}}
      """
    let document = try JSONDecoder().decode(CircuitDocument.self, from: Data(text.utf8))
    #expect(document.nodes["a0.h0"]?.neurons == [true, false])
    let again = try JSONDecoder().decode(
      CircuitDocument.self, from: JSONEncoder().encode(document))
    #expect(again == document)
  }
}

extension ComputationGraph {
  /// Whether what a reader reads changes what a writer writes.
  fileprivate func feeds(_ reader: Reader, _ writer: Writer) -> Bool {
    switch (reader, writer) {
    case (.mlp(let layer), .mlp(let other)): return layer == other
    case (.head(let layer, let index, let projection), .head(let other, let head)):
      return layer == other
        && (projection == .query ? index : index * headCount / keyValueReaderCount)
          <= head
        && head < (projection == .query ? index + 1 : (index + 1) * headCount / keyValueReaderCount)
    default: return false
    }
  }
}
