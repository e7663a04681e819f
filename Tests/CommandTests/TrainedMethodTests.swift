import Foundation
import TestSupport
import Testing

/// What methods that train leave beside scores, and who reads it.
@Suite struct TrainedMethodTests {
  private struct Measures: Decodable {
    struct Row: Decodable {
      let metric: String
      let circuit: Double?
    }
    struct Curve: Decodable {
      let ranking: String
      let area: [String: Double]
    }
    let metrics: [Row]?
    let measures: [Row]?
    let curves: [Curve]?
    let rows: [Robust]?
    struct Robust: Decodable {
      let granularity: String
      let measured: [Row]
    }
  }

  private func measures(_ path: String) throws -> Measures {
    try JSONDecoder().decode(Measures.self, from: Data(contentsOf: URL(filePath: path)))
  }

  /// A run of a few large steps: most edges and a part of the weights are kept.
  private static let discogp = [
    "--method", "discogp:steps=4:rate=0.1:weight-rate=0.6:prompts=8", "--ablation", "zero",
    "--count", "12",
  ]

  private func withDiscoGP(
    _ body: (_ path: (String) -> String, _ directory: URL) throws -> Void
  ) throws {
    try withTemporaryDirectory { directory in
      let path = { (name: String) in directory.appending(path: name).path }
      let outcome = try run(["discover", "--output", path("run")] + Self.discogp)
      #expect(outcome.status == 0, "\(outcome.errors)")
      try body(path, directory)
    }
  }

  @Test func `a run's circuits keep the weights that the run kept`() throws {
    try withDiscoGP { path, directory in
      let prompts = ["--seed", "0", "--count", "12"]
      let found = try run(
        ["evaluate", path("run"), "--measures", "none", "--output", path("evaluation")] + prompts)
      #expect(found.output.contains(/with [0-9,]+ of 130,320 weights/), "\(found)")
      let record = try #require(try measures(path("run/run.json")).measures)
      let same = try #require(try measures(path("evaluation/evaluation.json")).metrics)
      #expect(record.map(\.metric) == same.map(\.metric))
      #expect(record.map(\.circuit) == same.map(\.circuit))
      // The circuit alone is another thing.
      let alone = try run(
        [
          "evaluate", path("run/circuit.json"), "--model", "induction-tiny", "--ablation", "zero",
          "--measures", "none", "--output", path("alone"),
        ] + prompts)
      #expect(alone.status == 0 && !alone.output.contains("weights"), "\(alone)")
      let other = try #require(try measures(path("alone/evaluation.json")).metrics)
      #expect(abs((other[0].circuit ?? 0) - (same[0].circuit ?? 0)) > 0.01)

      let robust = try run(
        ["robustness", path("run"), "--ablation", "zero", "--json"] + prompts)
      #expect(robust.output.contains("of 130,320 weights"), "\(robust)")
      let rows = try JSONDecoder().decode(Measures.self, from: Data(robust.output.utf8)).rows
      let edges = try #require(rows?.first { $0.granularity == "edges" })
      for row in edges.measured {
        let expected = same.first { $0.metric == row.metric }?.circuit
        #expect(abs((row.circuit ?? 0) - (expected ?? .infinity)) < 1e-6, "\(row.metric)")
      }
    }
  }

  /// What `compare` says of the method is what `evaluate` says of its run, on the same held-out prompts.
  @Test func `a comparison keeps the weights, too`() throws {
    try withDiscoGP { path, _ in
      let compared = try run(
        ["compare", "induction-tiny", "--output", path("comparison")] + Self.discogp)
      #expect(compared.output.contains("seed 1: held out"), "\(compared)")
      #expect(
        try run(
          "evaluate", path("run"), "--measures", "curve", "--output", path("evaluation")
        ).status == 0)
      struct Comparison: Decodable {
        struct Task: Decodable { let outcomes: [Outcome] }
        struct Outcome: Decodable { let areas: [String: Double] }
        let tasks: [Task]
      }
      let comparison = try JSONDecoder().decode(
        Comparison.self,
        from: Data(contentsOf: URL(filePath: path("comparison/comparison.json"))))
      let curves = try #require(try measures(path("evaluation/evaluation.json")).curves)
      let area = try #require(
        curves.first { $0.ranking == "signed" }?.area["nominal linear"], "\(curves)")
      let found = try #require(
        comparison.tasks[0].outcomes[0].areas["CPR"], "\(comparison.tasks)")
      #expect(abs(found - area) < 1e-9)
    }
  }

  @Test func `tasks that are coupled keep their weights each`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "coupled").path
      let outcome = try run(
        ["discover", "--task", "induction,induction", "--couple", "inf", "--output", path]
          + Self.discogp)
      #expect(outcome.status == 0, "\(outcome.errors)")
      struct Coupling: Decodable {
        struct Round: Decodable { let tasks: [Task] }
        struct Task: Decodable {
          let run: String
          let faithfulness: Double
          let isHeldOut: Bool
        }
        let rounds: [Round]
      }
      let record = try JSONDecoder().decode(
        Coupling.self, from: Data(contentsOf: URL(filePath: path + "/coupling.json")))
      let task = record.rounds[0].tasks[0]
      let found = try run(
        "evaluate", path + "/" + task.run, "--measures", "none", "--output", path + "-0")
      #expect(task.isHeldOut && found.output.contains("held out"), "\(found)")
      struct Evaluation: Decodable {
        struct Row: Decodable { let faithfulness: Double? }
        let metrics: [Row]
      }
      let evaluation = try JSONDecoder().decode(
        Evaluation.self, from: Data(contentsOf: URL(filePath: path + "-0/evaluation.json")))
      #expect(abs(task.faithfulness - (evaluation.metrics[0].faithfulness ?? 0)) < 1e-9)
    }
  }

  @Test func `weights go with a selection, and a run without them is refused`() throws {
    try withDiscoGP { path, _ in
      let name = "weights.safetensors"
      let selected = try run("select", path("run"), "--edges", "5", "--output", path("selected"))
      #expect(selected.status == 0, "\(selected)")
      let bytes = try Data(contentsOf: URL(filePath: path("run/" + name)))
      #expect(try Data(contentsOf: URL(filePath: path("selected/" + name))) == bytes)
      let kept = try run("evaluate", path("selected"), "--measures", "none")
      #expect(kept.output.contains("of 130,320 weights"), "\(kept)")

      let constants = try run("constants", path("run"), "--steps", "3")
      #expect(
        constants.status == 1 && constants.errors.contains("only some of the model's weights"))
      let other = try run("evaluate", path("run"), "--model", "planted-copy")
      #expect(
        other.status == 1 && other.errors.contains("run/\(name): tensor")
          && other.errors.contains("should have shape"), "\(other)")
      for data in [bytes.dropLast(7), nil] {
        try FileManager.default.removeItem(atPath: path("run/" + name))
        try data?.write(to: URL(filePath: path("run/" + name)))
        for arguments in [["evaluate"], ["robustness"], ["select", "--edges", "4"]] {
          let refused = try run([arguments[0], path("run")] + arguments.dropFirst())
          #expect(refused.status == 1 && refused.output.isEmpty, "\(refused)")
          #expect(
            refused.errors.split(separator: "\n").count == 1
              && refused.errors.contains("run/\(name): expected the file that the run wrote"))
        }
      }
    }
  }

  @Test func `a mask starts from the scores of a run, which is on record`() throws {
    try withRun(edges: 3) { first, directory in
      let path = { (name: String) in directory.appending(path: name).path }
      let method = "mattr:steps=4:prompts=4:init=\(first)"
      let discover = { (output: String) in
        ["discover", "--count", "10", "--method", method, "--output", path(output)]
      }
      let warm = try run(discover("warm") + ["--edges", "3"])
      #expect(warm.status == 0, "\(warm)")
      #expect(
        try run(
          "discover", "--count", "10", "--method", "mattr:steps=4:prompts=4", "--edges", "3",
          "--output", path("cold")
        ).status == 0)
      let scores = "/scores.safetensors"
      #expect(
        !FileManager.default.contentsEqual(
          atPath: path("warm") + scores, andPath: path("cold") + scores))
      let record = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: path("warm/run.json"))))
      let files = try #require((record as? [String: Any])?["files"] as? [String: Any])
      let edges = try #require(files["edges"] as? [String: String])
      #expect(edges.keys.count == 1 && edges.keys.contains { $0.hasSuffix("/run" + scores) })
      // Neither a selection nor the run itself needs the file any more; scoring again does, as it was.
      try FileManager.default.removeItem(atPath: first + scores)
      try FileManager.default.copyItem(atPath: path("cold") + scores, toPath: first + scores)
      #expect(try run("select", path("warm"), "--edges", "2").status == 0)
      let stability = try run("evaluate", path("warm"), "--measures", "stability")
      #expect(
        stability.status == 1 && stability.errors.contains("not the file that the run read"),
        "\(stability)")
      try FileManager.default.removeItem(atPath: first + scores)
      let gone = try run(discover("gone"))
      #expect(gone.status == 1 && gone.output.isEmpty, "\(gone)")
    }
  }

  @Test func `circuits of single prompts are written as the article says`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let outcome = try run(
        "discover", "planted-two-ways", "--method", "eap-ig", "--per-prompt", "--edges", "3",
        "--count", "40", "--output", path)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let files = try FileManager.default.contentsOfDirectory(atPath: path)
      for name in [
        "prompt-scores.safetensors", "clusters.csv", "clusters.json", "cluster-1.json",
        "cluster-2.json",
      ] {
        #expect(files.contains(name), "\(files)")
      }
      let page = try String(contentsOfFile: path + "/report.html", encoding: .utf8)
      #expect(page.contains("<h2>Circuits of single prompts</h2>"))
      #expect(page.contains("<h3>Cluster 2: "))
      #expect(page.contains("eap-ig: one for each cluster"))
      for command in ["evaluate", "inspect"] {
        let found = try run(command, path + "/cluster-2.json", "--model", "planted-two-ways")
        #expect(found.status == 0 && found.output.contains("circuit of 3"), "\(found)")
      }
      let selected = try run("select", path, "--edges", "2")
      #expect(
        selected.status == 0 && selected.errors.contains("clusters of prompts are those of the run")
      )
    }
  }

  @Test(arguments: [
    ("edge-pruning", ["2406.16778", "target", "node-target", "start", "init", "0.98"]),
    ("ugs", ["2409.09951", "lambda", "draws"]), ("mattr", ["sizes", "level", "unlearned"]),
    ("discogp", ["2407.03779", "weight-sparsity", "weight-rate", "completeness"]),
    ("ibcircuit", ["beta", "loss"]),
  ]) func `trained methods tell their options`(name: String, texts: [String]) throws {
    let outcome = try run("methods", name)
    for text in texts { #expect(outcome.output.contains(text), "\(text) in \(outcome.output)") }
  }
}
