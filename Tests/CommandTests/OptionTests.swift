import Foundation
import TestSupport
import Testing

/// Options of the command reach what they are options of.
@Suite struct OptionTests {
  private struct Record: Decodable {
    struct Kept: Decodable, Equatable {
      let edge: String
      let score: Float
    }
    struct Files: Decodable { let model: [String: String] }
    let edges: Int
    let circuit: [Kept]
    let method: String
    let task: String
    let files: Files
  }

  private func discover(_ arguments: String..., in directory: URL? = nil) throws -> Record {
    let outcome = try run(["discover", "--json"] + arguments, in: directory)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Record.self, from: Data(outcome.output.utf8))
  }

  /// Asked for the wrong answer, ablating edges of the circuit lowers the loss.
  @Test func `absolute keeps what opposes the task`() throws {
    try withTemporaryDirectory { directory in
      let line =
        #"{"clean": [3, 5, 9, 3], "corrupted": [4, 5, 9, 3], "answers": [9], "wrong_answers": [5]}"#
      try Data(line.utf8).write(to: directory.appending(path: "task.jsonl"))
      let find = { (option: String) in
        let outcome = try run(
          [
            "discover", "--json", "--task", "task.jsonl", "--method", "acdc:tau=0.5\(option)",
            "--metric", "logit-difference",
          ], in: directory)
        return try JSONDecoder().decode(Record.self, from: Data(outcome.output.utf8))
      }
      let (signed, absolute) = (try find(""), try find(":absolute"))
      #expect(signed.edges == 0 && absolute.edges == 3, "\(signed) \(absolute)")
      #expect(absolute.method.contains("absolute") && !signed.method.contains("absolute"))
    }
  }

  @Test func `rule, sparsity and --order change what is found`() throws {
    let left = try discover("--method", "eap-ig:steps=2", "--count", "5")
    let right = try discover(
      "--method", "eap-ig:steps=2:rule=right", "--count", "5")
    #expect(left.circuit != right.circuit && right.method.contains("rule right"))
    let cheap = try discover(
      "--method", "sp-edges:steps=60:sparsity=0", "--count", "5")
    let dear = try discover(
      "--method", "sp-edges:steps=60:sparsity=500", "--count", "5")
    #expect(cheap.edges > 10 * dear.edges, "\(cheap.edges) \(dear.edges)")
    let top = try discover("--edges", "6", "--count", "5")
    let greedy = try discover("--edges", "6", "--count", "5", "--order", "greedy")
    #expect(Set(top.circuit.map(\.edge)) != Set(greedy.circuit.map(\.edge)))
  }

  @Test func `one size at a time`() throws {
    for (one, other) in [("--edges", "--nodes"), ("--threshold", "--fraction")] {
      let outcome = try run("discover", one, "1", other, "1")
      #expect(outcome.status == 64 && outcome.errors.contains("Give one of --edges"))
    }
  }

  @Test func `--skip-unequal leaves pairs out`() throws {
    try withTemporaryDirectory { directory in
      let lines = """
        {"clean": [3, 5, 3], "corrupted": [4, 5], "answers": [5], "wrong_answers": [9]}
        {"clean": [3, 5, 3], "corrupted": [4, 5, 3], "answers": [5], "wrong_answers": [9]}
        """
      try Data(lines.utf8).write(to: directory.appending(path: "task.jsonl"))
      let refused = try run("discover", "--task", "task.jsonl", in: directory)
      #expect(refused.status == 1 && refused.errors.contains("Pair 1"))
      let record = try discover("--task", "task.jsonl", "--skip-unequal", in: directory)
      #expect(record.task == "task.jsonl, 1 pair, 1 left out")
    }
  }

  /// As `sha256sum` prints them.
  @Test func `a record holds the hashes of the model's files`() throws {
    let record = try discover(
      fixtures.appending(path: "gpt_neox").path, "--task", "induction", "--count", "2")
    #expect(
      record.files.model == [
        "config.json": "9cbc1318e5145bc975ea266a1fc5a12cce85b4c4bc2109dc4023911a4933ac6b",
        "golden.safetensors":
          "7d34e37a8ac30423a4d2fcd8ac31f9542ab884129092a8bef1734e0c9afd7eca",
        "methods.safetensors":
          "a0db71f4d210968af8f7e923f41dd1f5f3aead6fd1c4a642cc884b7f61e56b6e",
        "model.safetensors": "dd179059431b6d2cdf2891f618aba2d2773f06160eca6f533ad3b94af8f20ed6",
      ])
  }
}
