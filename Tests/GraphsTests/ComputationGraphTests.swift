import Graphs
import Testing

@Suite struct ComputationGraphTests {
  static let published: [(String, ComputationGraph, Int)] = [
    ("GPT-2 small", ComputationGraph(layerCount: 12, headCount: 12, dModel: 768), 32_491),
    ("GPT-2 medium", ComputationGraph(layerCount: 24, headCount: 16, dModel: 1024), 231_877),
    ("GPT-2 XL", ComputationGraph(layerCount: 48, headCount: 25, dModel: 1600), 2_235_025),
    ("Llama 3.1 8B", ComputationGraph(layerCount: 32, headCount: 32, dModel: 4096), 1_592_881),
    (
      "Pythia 160M",
      ComputationGraph(layerCount: 12, headCount: 12, isParallel: true, dModel: 768), 32_347
    ),
    ("Qwen 2.5 0.5B", ComputationGraph(layerCount: 24, headCount: 14, dModel: 896), 179_749),
  ]

  @Test(arguments: published) func `edge counts are the published ones`(
    name: String, graph: ComputationGraph, count: Int
  ) {
    #expect(graph.edgeCount == count, "\(name)")
  }

  @Test func `GPT-2 small has 157 writers and 445 readers`() {
    let graph = Self.published[0].1
    #expect(graph.writerCount == 157 && graph.readerCount == 445)
    #expect(graph.edgeOffsets.count == graph.edgeCount)
  }

  static let small = [
    ComputationGraph(layerCount: 2, headCount: 2, dModel: 8),
    ComputationGraph(layerCount: 3, headCount: 2, isParallel: true, dModel: 8),
    ComputationGraph(layerCount: 2, headCount: 4, keyValueReaderCount: 2, dModel: 8),
    ComputationGraph(layerCount: 1, headCount: 1, dModel: 8),
  ]

  @Test(arguments: small) func `every name and index leads back to its node`(
    graph: ComputationGraph
  ) {
    for (index, writer) in graph.writers.enumerated() {
      #expect(graph.index(of: writer) == index)
      #expect(Writer(writer.description) == writer)
    }
    for (index, reader) in graph.readers.enumerated() {
      #expect(graph.index(of: reader) == index)
      #expect(Reader(reader.description) == reader)
    }
    for offset in graph.edgeOffsets {
      let edge = graph.edge(at: offset)
      #expect(graph.offset(of: edge) == offset && Edge(edge.description) == edge)
    }
  }

  @Test func `names come in the canonical order`() {
    let graph = Self.small[0]
    #expect(
      graph.writers.map(\.description) == ["input", "a0.h0", "a0.h1", "m0", "a1.h0", "a1.h1", "m1"])
    #expect(
      graph.readers.prefix(8).map(\.description) == [
        "a0.h0<q>", "a0.h1<q>", "a0.h0<k>", "a0.h1<k>", "a0.h0<v>", "a0.h1<v>", "m0", "a1.h0<q>",
      ])
    #expect(graph.readers.last == .logits)
  }

  @Test func `an edge exists exactly from earlier writers`() throws {
    let cases: [(String, sequential: Bool, parallel: Bool)] = [
      ("input->a0.h0<q>", true, true), ("a0.h1->m0", true, false), ("m0->m0", false, false),
      ("a0.h0->a0.h1<k>", false, false), ("m0->a1.h0<v>", true, true), ("m1->logits", true, true),
      ("a1.h0->a0.h0<q>", false, false), ("a9.h0->logits", false, false),
    ]
    for (name, sequential, parallel) in cases {
      let edge = try #require(Edge(name))
      for (isParallel, expected) in [(false, sequential), (true, parallel)] {
        let graph = ComputationGraph(
          layerCount: 2, headCount: 2, isParallel: isParallel, dModel: 8)
        #expect(graph.contains(edge) == expected, "\(name)")
      }
    }
  }

  @Test(arguments: [
    "", "input->", "->logits", "a0.h0", "a0.h0<q>->m0", "a0h0->logits", "a00.h0->logits",
    "a-1.h0->logits", "a0.h0->a1.h0<z>", "a0.h0->a1.h0<q", "m->logits", "input-logits",
    "input->logits->m0", "m99999999999999999999->logits",
  ])
  func `text that is no edge is no edge`(name: String) { #expect(Edge(name) == nil) }
}
