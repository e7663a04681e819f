import Engine
import Files
import Foundation
import Graphs
import TestSupport
import Testing

/// EAP-IG's JSON as it was over the years, and as people write it by hand.
@Suite struct EAPFileTests {
  private let folder = fixtures.appending(path: "cases/circuits")
  private let graph = ComputationGraph(layerCount: 2, headCount: 3, dModel: 24)

  private func read(_ name: String, _ graphs: [ComputationGraph]? = nil) throws
    -> CircuitFile.Contents
  {
    try CircuitFile.read(folder.appending(path: name), for: graphs ?? [graph])
  }

  private func read(text: String, _ graphs: [ComputationGraph]) throws -> CircuitFile.Contents {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "circuit.json")
      try Data(text.utf8).write(to: url)
      return try CircuitFile.read(url, for: graphs)
    }
  }

  @Test func `a part of the edges by hand`() throws {
    for graphs in [[graph], []] {
      let circuit = try #require(try read("sparse_by_hand.json", graphs).circuit)
      #expect(circuit.edgeCount == 7 && circuit.graph == graph)
    }
  }

  /// However few keys are named, heads have keys of their own unless every edge says otherwise.
  @Test(arguments: [3, 4, 12], [1, 2, 3])
  func `grouping is no matter of how many keys are named`(heads: Int, named: Int) throws {
    let whole = ComputationGraph(layerCount: 2, headCount: heads, dModel: 24)
    let grouped = ComputationGraph(
      layerCount: 2, headCount: heads, keyValueReaderCount: 1, dModel: 24)
    let edges = (0..<named).map { "\"input->a0.h\($0)<k>\": {\"in_graph\": true}" }
    let text = """
      {"cfg": {"n_layers": 2, "n_heads": \(heads), "parallel_attn_mlp": false, "d_model": 24},
       "nodes": {}, "edges": {\(edges.joined(separator: ", "))}}
      """
    for graphs in [[], [whole], [whole, grouped]] {
      let circuit = try #require(try read(text: text, graphs).circuit)
      #expect(circuit.edgeCount == named && circuit.graph == whole)
    }
    // All edges of a graph that groups them, and no others: such as our own files.
    let all = try #require(Circuit([Edge(.input, .logits)], graph: grouped))
    let own = String(decoding: try JSONEncoder().encode(CircuitDocument(all)), as: UTF8.self)
    #expect(try read(text: own, [whole, grouped]).circuit == all)
    #expect(try read(text: own, []).circuit == all)
  }

  /// A file of a circuit's nodes alone, of heads that write to `logits`.
  private func text(
    _ layers: Int, _ heads: Int, nodes: [String], isAttentionOnly: Bool? = nil
  ) -> String {
    let listed = nodes.map { "\"\($0)\": {\"in_graph\": true}" }
    let edges = nodes.dropFirst().map { "\"\($0)->logits\": {\"in_graph\": true}" }
    return """
      {"cfg": {"n_layers": \(layers), "n_heads": \(heads), "parallel_attn_mlp": false, "d_model": 4\
      \(isAttentionOnly.map { ", \"attn_only\": \($0)" } ?? "")},
       "nodes": {\(listed.joined(separator: ", "))}, "edges": {\(edges.joined(separator: ", "))}}
      """
  }

  @Test func `a circuit's nodes alone say nothing of MLPs`() throws {
    let circuit = try #require(try read(text: text(12, 12, nodes: ["input", "a0.h0"]), []).circuit)
    #expect(circuit.edgeCount == 1 && circuit.graph.writerCount == 157)
    let nodes = ["input", "a0.h0", "a0.h1", "a1.h0", "a1.h1"]
    for (count, stated, hasMLPs) in [
      (5, nil, false), (4, nil, true), (5, false, true), (4, true, false),
    ] as [(Int, Bool?, Bool)] {
      let text = text(2, 2, nodes: Array(nodes.prefix(count)), isAttentionOnly: stated)
      #expect(try read(text: text, []).graph?.hasMLPs == hasMLPs, "\(count), \(stated as Any)")
    }
    // The model knows better, unless the file says or names it.
    for hasMLPs in [true, false] {
      let model = ComputationGraph(layerCount: 2, headCount: 2, hasMLPs: hasMLPs, dModel: 4)
      for count in [1, 4, 5] {
        let text = text(2, 2, nodes: Array(nodes.prefix(count)))
        #expect(try read(text: text, [model]).graph == model)
      }
      let stated = text(2, 2, nodes: nodes, isAttentionOnly: hasMLPs)
      #expect { _ = try read(text: stated, [model]) } throws: { "\($0)".contains("no MLPs") }
    }
    let named = text(2, 2, nodes: nodes + ["m1"])
    #expect(try read(text: named, []).graph?.hasMLPs == true)
    let model = ComputationGraph(layerCount: 2, headCount: 2, hasMLPs: false, dModel: 4)
    #expect { _ = try read(text: named, [model]) } throws: {
      "\($0)".contains(
        "d_model 4, but this one has 2 layers, 2 heads, 2 key readers, d_model 4, no MLPs")
    }
    let readers = text(2, 2, nodes: nodes).replacing("a0.h1->logits", with: "a0.h1->m1")
    #expect(try read(text: readers, []).graph?.hasMLPs == true)
    #expect { _ = try read(text: readers, [model]) } throws: {
      "\($0)".contains("is about a model")
    }
    let wrong = text(2, 2, nodes: ["input", "m1"], isAttentionOnly: true)
    #expect { _ = try read(text: wrong, []) } throws: {
      "\($0)".contains(
        "names \"m1->logits\", which a model of 2 layers, 2 heads, 2 key readers, d_model 4, no MLPs does not have"
      )
    }
  }

  @Test func `2024: booleans as nodes, no scores, no width`() throws {
    let found = try read("eapig_2024.json")
    #expect(found.scores == nil && found.circuit?.graph == graph)
    #expect(found.circuit?.edgeCount == 7)
    #expect(try read("eapig_2024.json", []).circuit?.edgeCount == 7)
  }

  @Test func `early 2025: no edges`() {
    let error = #expect(throws: CircuitFileError.self) {
      try read("eapig_2025_02_to_04_no_edges.json")
    }
    #expect(
      error?.description.contains("lists no edges: versions of EAP-IG of early 2025") ?? false)
  }

  @Test func `importances of nodes`() throws {
    let found = try read("mib_node_importances.json")
    #expect(found.circuit == nil)
    let nodes = try #require(found.scores?.nodes)
    #expect(nodes.top(3).map(\.writer.description) == ["m1", "a1.h2", "a1.h1"])
    // The input is NaN, which is always kept.
    let circuit = nodes.circuit(nodeCount: 2)
    #expect(Set(circuit.writers.map(\.description)) == ["input", "a1.h2", "m1"])
    #expect(nodes.circuit(nodeCount: 0).edges.map(\.description) == ["input->logits"])
  }

  @Test func `a node that is never kept`() throws {
    let text = """
      {"cfg": {"n_layers": 1, "n_heads": 2, "parallel_attn_mlp": false, "d_model": 4}, "edges": {},
       "nodes": {"a0.h0": {"score": -Infinity}, "a0.h1": {"score": 1}, "m0": {"score": NaN}}}
      """
    let nodes = try #require(try read(text: text, []).scores?.nodes)
    #expect(
      Set(nodes.circuit(nodeCount: 9).writers.map(\.description)) == ["input", "a0.h1", "m0"])
  }

  @Test func `an edge that is never taken`() throws {
    let text = """
      {"cfg": {"n_layers": 1, "n_heads": 1, "parallel_attn_mlp": false, "d_model": 4}, "nodes": {},
       "edges": {"input->logits": -Infinity, "input->m0": -2, "m0->logits": 1}}
      """
    let scores = try #require(try read(text: text, []).scores)
    for ranking in EdgeScores.Ranking.allCases {
      for order in CircuitSelection.Order.allCases {
        let circuit = scores.circuit(CircuitSelection(.edges(100), ranking: ranking, order: order))
        #expect(circuit.edgeCount > 1 && !circuit.contains(Edge(.input, .logits)))
      }
    }
  }

  @Test func `plain numbers are scores`() throws {
    let scores = try #require(try read("scores_as_plain_numbers.json").scores)
    let offsets = graph.edgeOffsets
    #expect(offsets.count == 75)
    #expect(scores[Edge(.input, .head(layer: 0, index: 1, projection: .key))] == 4.0 / 75)
  }

  @Test(arguments: [
    (#""input->m0": "much""#, "found \"input->m0\" as \"much\""),
    (#""input->m0": {"score": "much"}"#, "found \"input->m0.score\" as \"much\""),
    (#""input->m9": 1"#, "names \"input->m9\", which a model of 1 layers, 1 heads"),
    (#""odd": 1"#, "names \"odd\", which a model of 1 layers"),
    (#""input->m0": Infinity"#, "the score of edge \"input->m0\" is not a finite"),
    (#""input->m0": 1"# + "\n,,", "is not JSON; line 3"),
  ]) func `what is no circuit`(edges: String, says: String) {
    let text = """
      {"cfg": {"n_layers": 1, "n_heads": 1, "parallel_attn_mlp": false, "d_model": 4},
      "edges": {\(edges)}}
      """
    let error = #expect(throws: CircuitFileError.self) { try read(text: text, []) }
    #expect(error?.description.contains(says) ?? false, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("0", "1"), ("-1", "1"), ("9223372036854775807", "1"), ("4096", "4096"), ("1", "1.5"),
    ("null", "1"), ("\"2\"", "1"),
  ]) func `sizes that no model has`(layers: String, heads: String) {
    let text = """
      {"cfg": {"n_layers": \(layers), "n_heads": \(heads), "parallel_attn_mlp": false}, "edges": {}}
      """
    let error = #expect(throws: CircuitFileError.self) { try read(text: text, []) }
    #expect(error?.description.contains("cfg should have 1 to 4096 layers") ?? false)
  }

  @Test(.timeLimit(.minutes(1))) func `many edges are read one by one`() throws {
    let large = ComputationGraph(layerCount: 12, headCount: 12, dModel: 768)
    let circuit = try #require(Circuit([Edge(.input, .logits)], graph: large))
    let text = String(decoding: try JSONEncoder().encode(CircuitDocument(circuit)), as: UTF8.self)
    #expect(try read(text: text, [large]).circuit == circuit)
  }
}
