import Foundation
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
