import Engine
import Files
import Foundation
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// One circuit in the files of several tools, written by `Scripts/fixtures/make_circuit_files.py`: every
/// third edge of the small GPT-2, scored (i % 7) − 3.
@Suite struct CircuitFileTests {
  private let model: Transformer
  private let circuit: Circuit
  private let scores: EdgeScores
  private let folder = fixtures.appending(path: "circuits")

  init() throws {
    model = try GoldenModel("gpt2").model
    let graph = model.graph
    let offsets = graph.edgeOffsets
    var values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for (index, offset) in offsets.enumerated() { values[offset] = Float(index % 7 - 3) }
    scores = EdgeScores(values, graph: graph)
    let kept = stride(from: 0, to: offsets.count, by: 3).map { graph.edge(at: offsets[$0]) }
    circuit = try #require(Circuit(kept, graph: graph))
  }

  private func read(_ name: String) throws -> CircuitFile.Contents {
    try CircuitFile.read(folder.appending(path: name), for: model.graphs)
  }

  @Test(arguments: [
    ("eap_ig.json", "EAP-IG"), ("eap_ig.pt", "EAP-IG"), ("mib_bf16.pt", "EAP-IG"),
    ("acdc.pth", "ACDC"), ("acdc_protocol2.pkl", "ACDC"), ("acdc_protocol4.pkl", "ACDC"),
    ("edge_pruning.json", "Edge Pruning"),
  ]) func `circuits of other tools`(file: String, format: String) throws {
    let found = try read(file)
    #expect(found.circuit == circuit && found.format == format)
    switch file {
    case "eap_ig.json", "eap_ig.pt", "mib_bf16.pt": #expect(found.scores == scores)
    case "acdc.pth", "edge_pruning.json": #expect(found.scores == nil)
    default:
      // ACDC saves the effects of the edges that stay.
      for edge in circuit.edges { #expect(found.scores?[edge] == scores[edge]) }
      #expect(found.scores?[Edge(.input, .head(layer: 0, index: 1, projection: .query))] == 0)
    }
  }

  /// Files say what edges do not tell, so that circuits read without their model are pruned as with it.
  @Test(arguments: [HeadCoupling.none, .writes, .inputs])
  func `files say that heads share a norm, and nothing where they do not`(
    coupling: HeadCoupling
  ) throws {
    let graph = ComputationGraph(layerCount: 2, headCount: 2, headCoupling: coupling, dModel: 8)
    let scores = EdgeScores(
      (0..<(graph.writerCount * graph.readerCount)).map(Float.init), graph: graph)
    try withTemporaryDirectory { directory in
      let json = directory.appending(path: "circuit.json")
      let tensors = directory.appending(path: "scores.safetensors")
      let document = CircuitDocument(scores.circuit(edgeCount: 9), scores: scores)
      let text = String(decoding: try JSONEncoder().encode(document), as: UTF8.self)
      #expect(text.contains("head_coupling") == (coupling != .none))
      try Data(text.utf8).write(to: json)
      let data = try scores.safetensors(method: "m", metric: "kl")
      #expect((data.firstRange(of: Data("head_coupling".utf8)) != nil) == (coupling != .none))
      try data.write(to: tensors)
      for url in [json, tensors] {
        #expect(try CircuitFile.read(url, for: []).graph == graph)
        // A model knows better.
        for known in [HeadCoupling.none, .writes, .inputs] {
          let model = ComputationGraph(
            layerCount: 2, headCount: 2, headCoupling: known, dModel: 8)
          #expect(try CircuitFile.read(url, for: [model]).graph == model)
        }
      }
      guard coupling == .writes else { return }
      for odd in ["\"norms\"", "3"] {
        try Data(text.replacing("\"writes\"", with: odd).utf8).write(to: json)
        #expect { _ = try CircuitFile.read(json, for: []) } throws: {
          "\($0)".contains("should have a head_coupling of writes or inputs")
        }
      }
    }
  }

  @Test func `files of attention-only models name no MLPs, and are read without their model`()
    throws
  {
    for keys in [2, 1] {
      let graph = ComputationGraph(
        layerCount: 3, headCount: 2, keyValueReaderCount: keys, hasMLPs: false, dModel: 8)
      let scores = EdgeScores(
        (0..<(graph.writerCount * graph.readerCount)).map(Float.init), graph: graph)
      let circuit = scores.circuit(edgeCount: 9)
      try withTemporaryDirectory { directory in
        let json = directory.appending(path: "circuit.json")
        let tensors = directory.appending(path: "scores.safetensors")
        let text = String(
          decoding: try JSONEncoder().encode(CircuitDocument(circuit, scores: scores)),
          as: UTF8.self)
        try Data(text.utf8).write(to: json)
        try scores.safetensors(method: "m", metric: "kl").write(to: tensors)
        for graphs in [[], [graph]] {
          let read = try CircuitFile.read(json, for: graphs)
          #expect(read.circuit == circuit && read.scores == scores)
          #expect(try CircuitFile.read(tensors, for: graphs).scores == scores)
        }
        // A model of the same sizes that has MLPs is another one.
        let other = ComputationGraph(
          layerCount: 3, headCount: 2, keyValueReaderCount: keys, dModel: 8)
        let says = "\(keys) key readers, d_model 8, no MLPs, but this one has 3 layers"
        for url in [json, tensors] {
          #expect { _ = try CircuitFile.read(url, for: [other]) } throws: {
            "\($0)".contains(says)
          }
        }
        // One that does not say so lists all of the model's heads.
        let unsaid = text.replacing("\"attn_only\":true,", with: "")
          .replacing(",\"attn_only\":true", with: "")
        #expect(!unsaid.contains("attn_only"))
        try Data(unsaid.utf8).write(to: json)
        #expect(try CircuitFile.read(json, for: []).circuit == circuit)
        try Data(text.replacing("\"attn_only\":true", with: "\"attn_only\":1").utf8).write(to: json)
        #expect { _ = try CircuitFile.read(json, for: [graph]) } throws: {
          "\($0)".contains("should have an attn_only of true or false, or none, found 1")
        }
      }
    }
  }

  @Test func `files of models with MLPs are refused for attention-only ones`() throws {
    let graph = ComputationGraph(layerCount: 2, headCount: 3, hasMLPs: false, dModel: 24)
    try withTemporaryDirectory { directory in
      let urls = ["circuit.json", "scores.safetensors"].map { directory.appending(path: $0) }
      // Of a very large graph the circuit alone is listed, which may have no MLP.
      let heads = try #require(Circuit([Edge(.input, .logits)], graph: scores.graph))
      let document = CircuitDocument(heads, listing: 1)
      let text = String(decoding: try JSONEncoder().encode(document), as: UTF8.self)
      #expect(!text.contains("attn_only"))
      try Data(text.utf8).write(to: urls[0])
      try scores.safetensors(method: "m", metric: "kl").write(to: urls[1])
      for url in urls + [folder.appending(path: "eap_ig.pt")] {
        #expect(try CircuitFile.read(url, for: []).graph?.hasMLPs == true)
        #expect { _ = try CircuitFile.read(url, for: [graph]) } throws: {
          "\($0)".contains(
            "2 layers, 3 heads, 3 key readers, d_model 24, but this one has 2 layers, 3 heads, 3 key readers, "
              + "d_model 24, no MLPs.")
        }
      }
    }
  }

  /// What the EAP-IG package reads back: every field of its schema, written as it writes them.
  @Test func `a document keeps every optional field`() throws {
    let data = try Data(contentsOf: folder.appending(path: "eap_ig.json"))
    let document = try JSONDecoder().decode(CircuitDocument.self, from: data)
    #expect(document.nodes["a0.h0"]?.neurons?.count == 24)
    #expect(document.nodes["m1"]?.neuronScores?.first == 0.25)
    let again = try JSONEncoder().encode(document)
    let (own, theirs) = (
      try JSONSerialization.jsonObject(with: again) as? NSDictionary,
      try JSONSerialization.jsonObject(with: data) as? NSDictionary
    )
    #expect(own == theirs)
    // Ours has what its from_json asks for: the sizes, and in_graph of every node and edge.
    let ours = CircuitDocument(circuit, scores: scores)
    #expect(ours.configuration == document.configuration)
    #expect(ours.edges == document.edges)
    #expect(ours.nodes.allSatisfy { $0.value.isInGraph != nil })
    #expect(Set(ours.nodes.keys) == Set(document.nodes.keys))
  }

  @Test func `scores of ours are read, whether or not they say how wide the stream is`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "scores.safetensors")
      let data = try scores.safetensors(method: "eap", metric: "kl")
      try data.write(to: url)
      #expect(try CircuitFile.read(url, for: model.graphs).scores == scores)

      let graph = scores.graph
      let names = { (names: [String]) in
        String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
      }
      let old = try Safetensors.encode(
        ["scores": Tensor(scores.values, shape: [graph.writerCount, graph.readerCount])],
        metadata: [
          "writers": names(graph.writers.map(\.description)),
          "readers": names(graph.readers.map(\.description)),
        ])
      try old.write(to: url)
      #expect(try CircuitFile.read(url, for: model.graphs).scores == scores)
    }
  }

  private func expectProblem(
    _ name: String, _ data: Data, says text: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: name)
      try data.write(to: url)
      let error = #expect(throws: CircuitFileError.self, sourceLocation: sourceLocation) {
        try CircuitFile.read(url, for: model.graphs)
      }
      #expect(
        error?.description.contains(text) ?? false && error?.file == url.path,
        "\(String(describing: error))", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [
    ("{}", "expected a circuit in EAP-IG's JSON"), ("[1, 2]", "expected a circuit"),
    (#"[["input"]]"#, "expected pairs of a writer and a reader"),
    (#"[["tok_embeds", "a0.h9.q"]]"#, "\"a0.h9.q\", which a model of 2 layers, 3 heads"),
    (#"[["a7.h0", "m1"]]"#, "\"a7.h0\", which a model of 2 layers"),
    (#"[["m1", "a0.h0.q"]]"#, "names \"m1->a0.h0<q>\", which a model of 2 layers"),
    ("", "the file is empty"),
  ]) func `malformed JSON`(text: String, says: String) throws {
    try expectProblem("circuit.json", Data(text.utf8), says: says)
  }

  @Test func `NaN among scores and circuits of other models`() throws {
    let text = try String(contentsOf: folder.appending(path: "eap_ig.json"), encoding: .utf8)
    let edge = "\"input->logits\": {\"score\": "
    let start = try #require(text.range(of: edge)).upperBound
    let end = try #require(text[start...].firstIndex(of: ","))
    for number in ["NaN", "Infinity"] {
      let changed = text.replacingCharacters(in: start..<end, with: number)
      try expectProblem(
        "nan.json", Data(changed.utf8), says: "the score of edge \"input->logits\" is not a finite")
    }
    let wider = text.replacing("\"d_model\": 24", with: "\"d_model\": 32")
    try expectProblem("other.json", Data(wider.utf8), says: "d_model 32, but this one has 2 layers")
    let parallel = text.replacing("false, \"d_model\"", with: "true, \"d_model\"")
    try expectProblem(
      "other.json", Data(parallel.utf8),
      says:
        "names \"a0.h0->m0\", which a model of 2 layers, 3 heads, 3 key readers, d_model 24, parallel"
    )
    let unknown = text.replacing("\"input->logits\"", with: "\"input->a9.h0<q>\"")
    try expectProblem("other.json", Data(unknown.utf8), says: "names \"input->a9.h0<q>\"")
    let other = try #require(
      Circuit([], graph: ComputationGraph(layerCount: 3, headCount: 2, dModel: 24)))
    try expectProblem(
      "other.json", JSONEncoder().encode(CircuitDocument(other)),
      says: "a model of 3 layers, 2 heads")
  }

  /// Files that are cut off anywhere, or changed anywhere, give an error or another circuit, never a trap.
  @Test(arguments: ["eap_ig.pt", "acdc.pth", "acdc_protocol2.pkl", "acdc_protocol4.pkl"])
  func `broken pickles and archives`(file: String) throws {
    let whole = try Data(contentsOf: folder.appending(path: file))
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: file)
      for length in stride(from: 0, to: whole.count, by: 41) {
        try whole.prefix(length).write(to: url)
        #expect(throws: CircuitFileError.self, "\(length) bytes") {
          try CircuitFile.read(url, for: model.graphs)
        }
      }
      for place in stride(from: 2, to: whole.count, by: 13) {
        var changed = whole
        changed[place] ^= 0xFF
        try changed.write(to: url)
        do {
          _ = try CircuitFile.read(url, for: model.graphs)
        } catch {
          #expect(error is CircuitFileError)
        }
      }
    }
  }

  /// A pickle of ACDC's `save_edges` with one edge, of a head and an effect of the caller's choice.
  private func acdc(head: Int32, effect: Double) -> Data {
    let bits = effect.bitPattern
    return acdc(
      head: head,
      effect: Data("G".utf8)
        + Data((0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }))
  }

  /// The same with an effect as the pickle writes it.
  private func acdc(head: Int32, effect: Data) -> Data {
    let text = { (text: String) in Data([0x8C, UInt8(text.utf8.count)]) + Data(text.utf8) }
    let bytes = { (value: UInt64, count: Int) in
      Data((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }
    let index =
      Data("NN".utf8) + Data("J".utf8) + bytes(UInt64(bitPattern: Int64(head)), 4) + Data([0x87])
    let key =
      Data("(".utf8) + text("blocks.1.hook_mlp_in") + Data("N".utf8) + Data([0x85])
      + text("blocks.1.attn.hook_result") + index + Data("t".utf8)
    return Data([0x80, 0x02]) + Data("]".utf8) + key + effect + Data([0x86]) + Data("a.".utf8)
  }

  @Test(
    arguments: [
      ([0x4B, 200], 200), ([0x4D, 0x34, 0x12], 0x1234), ([0x4A, 0xFB, 0xFF, 0xFF, 0xFF], -5),
      ([0x8A, 2, 0xD4, 0xFE], -300), ([0x8A, 2, 0x2C, 0x01], 300), ([0x8A, 1, 0x80], -128),
      ([0x8A, 2, 0x80, 0x00], 128), ([0x47, 0xBF, 0xF8, 0, 0, 0, 0, 0, 0], -1.5),
    ] as [([UInt8], Float)]) func `numbers of pickles`(bytes: [UInt8], number: Float) throws
  {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "acdc.pkl")
      try acdc(head: 2, effect: Data(bytes)).write(to: url)
      let scores = try #require(try CircuitFile.read(url, for: model.graphs).scores)
      #expect(scores.top(1).map(\.score) == [number])
    }
  }

  @Test func `heads and effects that no model has`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "acdc.pkl")
      try acdc(head: 2, effect: 0.5).write(to: url)
      let found = try CircuitFile.read(url, for: model.graphs)
      #expect(found.circuit?.edges.map(\.description) == ["a1.h2->m1"])
      #expect(found.scores?.values.max() == 0.5)
    }
    for head in [-1, -100_000, 3, Int32.max] {
      try expectProblem(
        "acdc.pkl", acdc(head: head, effect: 1),
        says: "does not have; is it a circuit of another one")
    }
    for effect in [Double.nan, .infinity, 1e300] {
      try expectProblem("acdc.pkl", acdc(head: 2, effect: effect), says: "is not a finite number")
    }
  }

  /// Nested so deeply that following it by recursion would exhaust the stack.
  @Test func `deep pickles`() throws {
    let nested = Data(repeating: 0x85, count: 500_000)
    try expectProblem(
      "deep.pkl", Data([0x80, 0x02]) + Data(")".utf8) + nested + Data(".".utf8),
      says: "expected what ACDC's")
    let lists = Data(repeating: UInt8(ascii: "]"), count: 300_000)
    let appends = Data(repeating: UInt8(ascii: "a"), count: 299_999)
    try expectProblem(
      "deep.pkl", Data([0x80, 0x02]) + lists + appends + Data(".".utf8),
      says: "expected what ACDC's")
    try expectProblem("cut.pkl", Data([0x80, 0x02]) + lists, says: "the file ends inside")
  }

  @Test func `a missing file`() {
    #expect(throws: CircuitFileError.self) {
      try CircuitFile.read(folder.appending(path: "none.json"), for: model.graphs)
    }
  }
}
