import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// `inspect` and the lists, for people and for programs.
@Suite struct InspectTests {
  private struct Record: Decodable {
    struct Circuit: Decodable {
      struct Link: Decodable {
        let edge: String
        let score: Float?
        let isOnPath: Bool
      }
      struct Node: Decodable {
        let node: String
        let directEffect: Double?
        let role: String?
      }
      let edges: Int
      let circuitEdges: Int?
      let links: [Link]
      let nodes: [Node]
    }
    let circuit: Circuit
  }

  private func inspect(_ arguments: String...) throws -> Record.Circuit {
    let outcome = try run(["inspect", "--json"] + arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Record.self, from: Data(outcome.output.utf8)).circuit
  }

  /// A run's circuit is what it kept, with the direct effects that were measured; its scores are of all edges.
  @Test func `of a run, the circuit's edges and nodes`() throws {
    try withRun(edges: 6) { path, _ in
      let found = try inspect(path)
      #expect(found.edges == 151 && found.circuitEdges == 6 && found.links.count == 6)
      #expect(found.links[0].edge == "a1.h2->logits" && !found.links[5].isOnPath)
      #expect(found.nodes.map(\.node) == ["a1.h2", "m1", "a0.h1"])
      #expect(try #require(found.nodes[0].directEffect) > 5 && found.nodes[0].role == "supports")
      #expect(found.nodes[2].directEffect == nil && found.nodes[2].role == "indirect")

      let file = try inspect(path + "/circuit.json")
      #expect(file.links.map(\.edge) == found.links.map(\.edge))
      #expect(file.nodes.allSatisfy { $0.directEffect == nil && $0.role == nil })
      let scores = try inspect(path + "/scores.safetensors")
      #expect(scores.links.count == 151 && scores.circuitEdges == nil && scores.nodes.isEmpty)

      let text = try run("inspect", path, "--top", "2").output
      #expect(text.contains("2  a0.h1->a1.h2<k>") && !text.contains("3  input->a0.h1<v>"))
      #expect(text.contains("and 1 more head or MLP") && text.contains("direct effect"))
      let whole = try run("inspect", path).output
      #expect(whole.contains("6  m0->a1.h2<v>") && !whole.contains("7  "))
      #expect(try run("inspect", path, "--top", "-1").status == 64)
    }
  }

  @Test func `circuits without scores list their edges, too`() throws {
    let model = fixtures.appending(path: "gpt2").path
    let path = fixtures.appending(path: "circuits/edge_pruning.json").path
    let found = try inspect(path, "--model", model)
    #expect(found.links.count == 25 && found.links.allSatisfy { $0.score == nil })
    #expect(!found.nodes.isEmpty)
  }

  @Test func `models and tensors as JSON`() throws {
    struct Model: Decodable {
      struct Sizes: Decodable { let name: String, edges: Int, layers: Int, hasTokenizer: Bool }
      let model: Sizes
    }
    let model = try JSONDecoder().decode(
      Model.self, from: Data(try run("inspect", "induction-tiny", "--json").output.utf8)
    ).model
    #expect(model.name == "induction-tiny" && model.edges == 151 && model.layers == 2)
    #expect(!model.hasTokenizer)
    struct File: Decodable {
      struct Tensor: Decodable { let name: String, format: String, shape: [Int] }
      let tensors: [Tensor]
    }
    let path = fixtures.appending(path: "gpt2/model.safetensors").path
    let file = try JSONDecoder().decode(
      File.self, from: Data(try run("inspect", path, "--json").output.utf8))
    #expect(file.tensors.contains { $0.name.hasSuffix("wte.weight") && $0.shape.count == 2 })
  }

  /// What is said beyond sizes, by the fixtures' own configurations.
  @Test func `what layers of a model have is said, and nothing that they lack`() throws {
    let names = [
      "window", "score scale", "score cap", "queries, keys, values", "norms inside", "norms after",
      "embedding scale", "residual scale", "logit scale", "logit cap",
    ]
    let all: [(String, [String: String])] = [
      ("gpt2", ["positions": "learned"]),
      (
        "gemma2",
        [
          "positions": "rotary, base 1,000", "window": "4 tokens in layers 0, 2",
          "score scale": "0.223607", "score cap": "1.5", "norms after": "attention and MLP",
          "embedding scale": "5.65685", "logit cap": "2",
        ]
      ),
      (
        "gemma3",
        [
          "positions":
            "rotary, base 50 in layers 0, 1, 3; base 2,000, positions divided by 8 in layer 2",
          "window": "4 tokens in layers 0, 1, 3", "score scale": "0.223607",
          "norms inside": "queries and keys of each head", "norms after": "attention and MLP",
          "embedding scale": "5.65685",
        ]
      ),
      (
        "olmo2",
        [
          "positions": "rotary, base 500",
          "norms inside": "queries and keys of all heads together",
          "norms after": "attention and MLP",
        ]
      ),
      ("models/smollm3", ["positions": "rotary, base 50 in layers 0, 2; none in layer 1"]),
      (
        "models/granite",
        [
          "positions": "rotary, base 50", "score scale": "0.7", "embedding scale": "3",
          "residual scale": "0.4", "logit scale": "2",
        ]
      ),
      (
        "models/olmo", ["positions": "rotary, base 50", "queries, keys, values": "cut off at ±0.7"]
      ),
      (
        "models/gpt_neo",
        ["positions": "learned", "window": "3 tokens in layers 1, 2", "score scale": "1"]
      ),
    ]
    for (model, expected) in all {
      let lines = try run("inspect", fixtures.appending(path: model).path).output
        .split(separator: "\n").map { $0.split(separator: "  ", omittingEmptySubsequences: true) }
      var found: [String: String] = [:]
      for line in lines where line.count == 2 {
        found[String(line[0])] = line[1].trimmingCharacters(in: .whitespaces)
      }
      #expect(found["matrices in"] == "F32", "\(model)")
      for name in names + ["positions"] {
        #expect(found[name] == expected[name], "\(model), \(name)")
      }
    }
    let json = try run("inspect", fixtures.appending(path: "gemma3").path, "--json").output
    struct Model: Decodable {
      struct Trait<Value: Decodable>: Decodable { let value: Value, layers: [Int] }
      struct Rotary: Decodable { let base: Double, positionsDividedBy: Double? }
      struct Traits: Decodable {
        let windows: [Trait<Int>]
        let rotary: [Trait<Rotary>]
        let scoreCaps: [Trait<Double>]?
      }
      struct Sizes: Decodable {
        let layerTraits: Traits
        let formats: [String]
        let logitCap: Double?
      }
      let model: Sizes
    }
    let model = try JSONDecoder().decode(Model.self, from: Data(json.utf8)).model
    #expect(model.formats == ["F32"] && model.logitCap == nil && model.layerTraits.scoreCaps == nil)
    #expect(model.layerTraits.windows.map(\.layers) == [[0, 1, 3]])
    #expect(model.layerTraits.rotary.map(\.layers) == [[0, 1, 3], [2]])
    #expect(model.layerTraits.rotary.map { ($0.value.base * 1e6).rounded() } == [50e6, 2000e6])
  }

  /// A checkpoint of TransformerLens without MLPs: from its files to circuits, drawings and tables.
  @Test func `an attention-only model has no MLPs anywhere`() throws {
    try withTemporaryDirectory { directory in
      let (model, path) = (
        directory.appending(path: "model"), directory.appending(path: "run").path
      )
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      try Data(
        """
        {"n_layers": 2, "n_heads": 3, "d_model": 8, "d_head": 4, "d_vocab": 30, "n_ctx": 32,
         "attn_only": true, "d_mlp": null, "normalization_type": null}
        """.utf8
      ).write(to: model.appending(path: "config.json"))
      var tensors = [
        "embed.W_E": Tensor.random([30, 8], seed: 1),
        "pos_embed.W_pos": Tensor.random([32, 8], seed: 2),
        "unembed.W_U": Tensor.random([8, 30], seed: 3), "unembed.b_U": Tensor(zeros: [30]),
      ]
      for layer in 0..<2 {
        for (place, letter) in ["Q", "K", "V", "O"].enumerated() {
          let (name, isOutput) = ("blocks.\(layer).attn.", letter == "O")
          tensors[name + "W_" + letter] = Tensor.random(
            isOutput ? [3, 4, 8] : [3, 8, 4], seed: UInt64(10 * layer + place))
          tensors[name + "b_" + letter] = Tensor(zeros: isOutput ? [8] : [3, 4])
        }
      }
      try Safetensors.encode(tensors).write(to: model.appending(path: "model.safetensors"))
      let shown = try run("inspect", model.path)
      #expect(shown.status == 0, "\(shown.errors)")
      #expect(shown.output.contains(/MLP +none/) && shown.output.contains("7, 19, 52"))
      let found = try run(
        "discover", model.path, "--count", "8", "--edges", "20", "--output", path)
      #expect(found.status == 0 && !found.output.contains("m0"), "\(found)")
      let text = try String(contentsOfFile: path + "/circuit.json", encoding: .utf8)
      #expect(text.contains("a0.h0->logits") && !text.contains("m0"))
      for file in ["/circuit.json", "/scores.safetensors", ""] {
        let outcome = try run("inspect", path + file)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let evaluated = try run("evaluate", path, "--measures", "random,nodes")
      #expect(evaluated.status == 0, "\(evaluated.errors)")
    }
  }

  @Test func `lists as JSON have what the tables have`() throws {
    struct Named: Decodable { let name: String }
    struct Method: Decodable {
      let name: String
      let paper: String?
      let options: [Named]
    }
    struct Tasks: Decodable { let tasks: [Named], metrics: [Named] }
    let decode = { (arguments: [String]) in Data(try run(arguments + ["--json"]).output.utf8) }
    let decoder = JSONDecoder()
    let methods = try decoder.decode([Method].self, from: decode(["methods"]))
    #expect(methods[0].name == "eap" && methods[0].paper == "2310.10348")
    let acdc = try decoder.decode(Method.self, from: decode(["methods", "acdc"]))
    #expect(acdc.options.map(\.name) == ["tau", "absolute"])
    let tasks = try decoder.decode(Tasks.self, from: decode(["tasks"]))
    let models = try decoder.decode([Named].self, from: decode(["models"]))
    for (names, command) in [
      (methods.map(\.name), "methods"), (tasks.tasks.map(\.name), "tasks"),
      (tasks.metrics.map(\.name), "tasks"), (models.map(\.name), "models"),
    ] {
      let text = try run(command).output
      #expect(names.count > 3 && names.allSatisfy(text.contains), "\(command)")
    }
  }

  @Test func `heads and MLPs are shown by what finds and measures circuits`() throws {
    try withRun { path, directory in
      let page = try String(contentsOfFile: path + "/report.html", encoding: .utf8)
      #expect(page.contains("<h2>Its heads and MLPs</h2>") && page.contains(">supports</td>"))
      for arguments in [
        ["evaluate", path, "--measures", "nodes", "--output", path + "-e"],
        ["select", path, "--edges", "3"], ["discover", "--edges", "3"],
      ] {
        let outcome = try run(arguments)
        let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("a1.h2 ") }
        #expect(line?.hasSuffix("supports") ?? false, "\(outcome)")
      }
      let csv = try String(contentsOfFile: path + "-e/nodes.csv", encoding: .utf8)
      #expect(csv.split(separator: "\n").count == 3)
    }
  }
}
