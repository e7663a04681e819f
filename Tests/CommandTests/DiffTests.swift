import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// What differs between two runs is told without running anything.
@Suite struct DiffTests {
  private struct Record: Decodable {
    struct Source: Decodable { let path: String }
    struct Move: Decodable {
      let edge: String
      let first: Double
      let second: Double
    }
    struct Node: Decodable {
      let node: String
      let first: Double
      let second: Double
    }
    struct Sets: Decodable {
      let first: Int
      let second: Int
      let both: Int
    }
    let first: Source
    let moved: [Move]
    let nodes: [Node]
    let notes: [String]
    let circuitEdges: Sets?
  }

  private func record(_ arguments: String..., in directory: URL) throws -> Record {
    let outcome = try run(["diff", "--json"] + arguments, in: directory)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Record.self, from: Data(outcome.output.utf8))
  }

  @Test func `a run differs from itself in nothing, and from another in what files say`() throws {
    try withRun(edges: 5) { path, directory in
      let same = try run("diff", path, path)
      #expect(
        same.status == 0 && same.output.contains("no edge moved: all 151 scores are the same"))
      #expect(same.output.contains("and so are the circuits") && !same.output.contains("rank"))
      let other = try run(
        "discover", "--count", "20", "--edges", "8", "--method", "eap-ig", "--output", "other",
        in: directory)
      #expect(other.status == 0)
      let outcome = try run("diff", "run", "other", "--output", "diff", in: directory)
      #expect(outcome.errors.contains("the runs differ in method, so"), "\(outcome)")
      #expect(outcome.output.contains("circuits of 5 and 8 edges: 5 in both"), "\(outcome)")
      let found = try record("run", "other", in: directory)
      #expect(found.circuitEdges?.both == 5 && found.notes.count == 1)
      let files = try FileManager.default.contentsOfDirectory(
        atPath: directory.appending(path: "diff").path)
      #expect(
        files.sorted() == [
          "circuits.csv", "circuits.pdf", "circuits.svg", "diff.json", "edges.csv", "nodes.csv",
          "overlap.csv",
        ])
      let circuits = try String(
        contentsOf: directory.appending(path: "diff/circuits.csv"), encoding: .utf8)
      #expect(circuits.components(separatedBy: ",both\n").count == 6)
      #expect(circuits.components(separatedBy: ",second\n").count == 4)
      // Scores alone have no circuit, and can be compared all the same.
      let scores = try record("run/scores.safetensors", "other", in: directory)
      #expect(scores.circuitEdges == nil && scores.moved.count == found.moved.count)
      let selected = try run("select", path, "--edges", "3", "--output", "less", in: directory)
      #expect(selected.status == 0)
      let smaller = try run("diff", "run", "less", in: directory)
      #expect(smaller.output.contains("no edge moved") && smaller.output.contains("3 in both"))
    }
  }

  /// A copy of a checkpoint without what one head writes.
  @Test func `the head that a copy lacks is named`() throws {
    try withTemporaryDirectory { directory in
      let original = fixtures.appending(path: "gpt2")
      let copy = directory.appending(path: "silenced")
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: original.appending(path: "config.json"), to: copy.appending(path: "config.json"))
      let file = try Safetensors.read(original.appending(path: "model.safetensors"))
      var tensors = try file.tensors.reduce(into: [:]) {
        $0[$1.key] = try file.read($1.key, $1.value)
      }
      // Rows are what heads hand over: 8 for each of the 3.
      let name = "transformer.h.1.attn.c_proj.weight"
      var values = try #require(tensors[name]).values()
      values.replaceSubrange((2 * 8 * 24)..<(3 * 8 * 24), with: repeatElement(0, count: 8 * 24))
      tensors[name] = .init(values, shape: [24, 24])
      try Safetensors.encode(tensors).write(to: copy.appending(path: "model.safetensors"))
      let pairs = (0..<6).map {
        "{\"clean\": [3, \($0 + 4), 9], \"corrupted\": [3, \($0 + 20), 9], \"answers\": [\($0 + 40)], \"wrong_answers\": [2]}"
      }
      try Data((pairs.joined(separator: "\n") + "\n").utf8).write(
        to: directory.appending(path: "pairs.jsonl"))
      for (model, output) in [(original.path, "before"), (copy.path, "after")] {
        let outcome = try run(
          "discover", model, "--task", "pairs.jsonl", "--holdout", "0", "--edges", "20", "--output",
          output, in: directory)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let found = try record("before", "after", in: directory)
      #expect(found.notes.isEmpty)
      #expect(found.nodes.filter { $0.second == 0 }.map(\.node) == ["a1.h2"])
      let gone = found.moved.filter { $0.second == 0 }.map(\.edge)
      #expect(gone.count > 10 && gone.allSatisfy { $0.contains("a1.h2") }, "\(gone)")
    }
  }

  @Test func `what cannot be compared is said in one sentence`() throws {
    try withRun { path, directory in
      let other = try run(
        "discover", "planted-copy", "--count", "5", "--edges", "3", "--output", "planted",
        in: directory)
      #expect(other.status == 0, "\(other.errors)")
      let shapes = try run("diff", "run", "planted", "--output", "diff", in: directory)
      #expect(shapes.status == 1 && shapes.output.isEmpty)
      #expect(
        shapes.errors.contains("planted: expected scores of a model of the shape of run, 2 layers"),
        "\(shapes.errors)")
      #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "diff").path))
      let missing = try run("diff", path, "nothing", in: directory)
      #expect(missing.status == 1 && missing.errors.contains("nothing: there is no such run"))
      let circuit = try run(
        "diff", fixtures.appending(path: "circuits/edge_pruning.json").path, path)
      #expect(circuit.status == 1 && circuit.errors.contains("name the model"), "\(circuit)")
      let unscored = try run("diff", path, "run/run.json", in: directory)
      #expect(unscored.status == 1, "\(unscored)")
    }
  }
}
