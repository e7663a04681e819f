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
    ComputationGraph(layerCount: 2, headCount: 2, hasMLPs: false, dModel: 8),
    ComputationGraph(
      layerCount: 3, headCount: 4, keyValueReaderCount: 2, isParallel: true, hasMLPs: false,
      dModel: 8),
    ComputationGraph(
      layerCount: 2, headCount: 4, keyValueReaderCount: 1, isParallel: true, dModel: 8),
  ]

  /// Counted by hand, from the edges into each reader.
  static let counted: [(ComputationGraph, writers: Int, readers: Int, edges: Int)] = [
    // 6 · 1 + 3, 6 · 4 + 6, 7
    (small[0], 7, 15, 46),
    // 6 · 1 + 1, 6 · 4 + 4, 6 · 7 + 7, 10
    (small[1], 10, 22, 94),
    // 8 · 1 + 5, 8 · 6 + 10, 11
    (small[2], 11, 19, 82),
    // 3 · 1 + 2, 3
    (small[3], 3, 5, 8),
    // 6 · 1, 6 · 3, 5
    (small[4], 5, 13, 29),
    // 8 · 1, 8 · 5, 8 · 9, 13
    (small[5], 13, 25, 133),
    // 6 · 1 + 1, 6 · 6 + 6, 11
    (small[6], 11, 15, 60),
  ]

  @Test(arguments: counted) func `small graphs are counted by hand`(
    graph: ComputationGraph, writers: Int, readers: Int, edges: Int
  ) {
    #expect(graph.writerCount == writers && graph.writers.count == writers)
    #expect(graph.readerCount == readers && graph.readers.count == readers)
    #expect(graph.edgeCount == edges && graph.edgeOffsets.count == edges)
    #expect(graph.hasMLPs == graph.writers.contains(.mlp(layer: 0)))
    #expect(graph.hasMLPs == (graph.index(of: Writer.mlp(layer: 0)) != nil))
    #expect(graph.hasMLPs == (graph.index(of: Reader.mlp(layer: 0)) != nil))
  }

  @Test(arguments: small) func `ranges of edges hold what a filter finds`(graph: ComputationGraph) {
    let (writers, readers) = (0..<graph.writerCount, 0..<graph.readerCount)
    for writer in writers {
      #expect(
        Array(graph.readers(ofWriter: writer))
          == readers.filter { writer < graph.visibleWriterCount(ofReader: $0) })
      #expect(
        graph.readerIndices(feedingWriter: writer)
          == readers.filter { graph.writerIndices(behindReader: $0).contains(writer) })
    }
    let offsets = writers.flatMap { writer in
      readers.filter { writer < graph.visibleWriterCount(ofReader: $0) }.map {
        writer * graph.readerCount + $0
      }
    }
    #expect(graph.edgeOffsets == offsets)
    for reader in 0...graph.readerCount {
      #expect(
        graph.edgeCount(fromReader: reader)
          == offsets.count { $0 % graph.readerCount >= reader })
    }
  }

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

  @Test func `attention-only graphs name no MLP`() throws {
    let graph = ComputationGraph(layerCount: 2, headCount: 2, hasMLPs: false, dModel: 8)
    #expect(
      graph.writers.map(\.description) == ["input", "a0.h0", "a0.h1", "a1.h0", "a1.h1"])
    #expect(
      graph.readers.suffix(7).map(\.description) == [
        "a1.h0<q>", "a1.h1<q>", "a1.h0<k>", "a1.h1<k>", "a1.h0<v>", "a1.h1<v>", "logits",
      ])
    #expect(!graph.contains(try #require(Edge("input->m0"))))
    #expect(!graph.contains(try #require(Edge("m0->logits"))))
    #expect(graph.contains(try #require(Edge("a0.h1->a1.h0<k>"))))
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
