import Foundation
import TestSupport
import Testing

/// The command as a user runs it.
@Suite(.serialized) struct CommandTests {
  @Test func `discover without arguments finds the bundled model's circuit`() throws {
    let outcome = try run("discover", "--edges", "3")
    #expect(outcome.status == 0)
    // Nothing but results on stdout, and no progress where no terminal is.
    #expect(outcome.errors.isEmpty)
    for text in [
      "induction-tiny: 2 layers of 5 heads", "induction, 100 pairs, seed 0",
      "a1.h2->logits", "a0.h1->a1.h2<k>", "input->a0.h1<v>",
      "3 of 3 edges lie on a path from input to logits, through 2 heads and MLPs",
    ] { #expect(outcome.output.contains(text), "\(text) in \(outcome.output)") }
  }

  @Test func `a run's files are complete and the same in every process and on any threads`() throws
  {
    try withTemporaryDirectory { directory in
      let names = [
        "circuit.json", "circuit.pdf", "circuit.svg", "curve.csv", "prompts.csv", "prompts.jsonl",
        "report.html", "run.json", "scores.safetensors",
      ]
      var runs: [[Data]] = []
      for threads in ["1", "3"] {
        let path = directory.appending(path: "runs/\(threads)").path
        #expect(
          try run("discover", "--edges", "200", "--output", path, "--threads", threads).status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == names)
        runs.append(
          try names.filter { $0 != "run.json" }.map {
            try Data(contentsOf: URL(filePath: path).appending(path: $0))
          })
      }
      #expect(runs[0] == runs[1])
      // Nothing half-written is left beside them.
      let around = try FileManager.default.contentsOfDirectory(
        atPath: directory.appending(path: "runs").path)
      #expect(around.sorted() == ["1", "3"])

      let again = try run("discover", "--output", directory.appending(path: "runs/1").path)
      #expect(again.status == 1 && again.errors.contains("is not an empty directory"))
      for (file, says) in [
        ("runs/1", "circuit of 151 of 151 edges"), ("runs/1", "eap, resample ablation"),
        ("runs/1/circuit.json", "circuit of 151"),
        ("runs/1/scores.safetensors", "scores of 151 edges"),
      ] {
        let inspected = try run("inspect", directory.appending(path: file).path)
        #expect(inspected.status == 0 && inspected.output.contains(says), "\(inspected)")
      }
    }
  }

  @Test func `--json prints one object`() throws {
    struct Record: Decodable {
      struct Measures: Decodable {
        let metric: String
        let faithfulness: Double
      }
      struct Kept: Decodable {
        let edge: String
        let isOnPath: Bool
      }
      struct Plan: Decodable { let method, model: String }
      let measures: [Measures]
      let isHeldOut: Bool
      let circuit: [Kept]
      let edges: Int
      let plan: Plan
    }
    let outcome = try run("discover", "--json", "--edges", "3")
    let record = try JSONDecoder().decode(Record.self, from: Data(outcome.output.utf8))
    #expect(record.edges == 3 && record.circuit[0].edge == "a1.h2->logits")
    #expect(!record.circuit.contains { !$0.isOnPath })
    #expect(record.measures[0].faithfulness > 0.98 && !record.isHeldOut)
    #expect(record.plan.method == "eap" && record.plan.model == "induction-tiny")
  }

  @Test func `a task file and token ids are enough`() throws {
    try withTemporaryDirectory { directory in
      let line =
        #"{"clean": [3, 5, 9, 3], "corrupted": [4, 5, 9, 3], "answers": [5], "wrong_answers": [9]}"#
      try Data(line.utf8).write(to: directory.appending(path: "task.jsonl"))
      let outcome = try run(
        "discover", "--task", "task.jsonl", "--method", "eap-ig:steps=3", "--metric", "kl",
        in: directory)
      #expect(outcome.status == 0 && outcome.output.contains("task.jsonl, 1 pair:"), "\(outcome)")
    }
  }

  @Test func `a golden checkpoint runs and is inspected`() throws {
    let model = fixtures.appending(path: "qwen2").path
    let inspected = try run("inspect", model)
    #expect(inspected.output.contains("key/value heads          2"), "\(inspected.output)")
    let outcome = try run(
      "discover", model, "--task", "induction", "--count", "5", "--ablation", "mean",
      "--group-key-values")
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test(arguments: [
    (
      ["discover", "--method", "eep"], 64,
      "There is no method \"eep\"; did you mean eap or ceap or relp? Known are eap"
    ),
    (["discover", "--metric", "odd"], 1, "There is no metric \"odd\""),
    (["discover", "--task", "odd"], 1, "There is no built-in task \"odd\"; known are ioi"),
    (
      ["discover", "--task", "odd.jsonl"], 1,
      "odd.jsonl: the file cannot be read: there is no such file"
    ),
    (["discover", "odd"], 1, "There is no file, directory or known model \"odd\""),
    (["discover", "--task", "ioi"], 1, "the model has no tokenizer"),
    (["discover", "--metric", "kl"], 1, "use eap-ig"),
    (["discover", "--metric", "accuracy"], 1, "has no gradient"),
    (
      ["discover", "--count", "0"], 64, "count of prompt pairs should be from 1 to 1000000, found 0"
    ),
    (["discover", "--edges", "-3"], 64, "edges or nodes should be 0 or more, found -3"),
    (["discover", "--threads", "1000000"], 64, "--threads should be from 0"),
    (["discover", "--method", "eap-ig:steps=0"], 64, "steps of eap-ig should be a whole number"),
    (["discover", "--ablation", "odd"], 64, "resample"),
    (["discover", "--odd"], 64, "--odd"),
    (["odd"], 64, "odd"), (["discovr"], 64, "did you mean discover?"),
    (["inspect", "odd.json"], 1, "odd.json: the file cannot be read"),
    (["inspect", "odd.safetensors"], 1, "cannot be read"),
    (["inspect", "FIXTURES/circuits/acdc.pth"], 1, "name the model with --model"),
    (["inspect", "FIXTURES/circuits/edge_pruning.json"], 1, "name the model with --model"),
    (
      ["fetch", "odd"], 1,
      "There is no known model \"odd\"; known are smollm2-135m, and those of Hugging"
    ),
  ]) func `bad input gives one clear sentence`(
    arguments: [String], status: Int32, says: String
  ) throws {
    let outcome = try run(arguments.map { $0.replacing("FIXTURES", with: fixtures.path) })
    #expect(outcome.status == status && outcome.errors.contains(says), "\(arguments): \(outcome)")
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: [
    "eap_ig.json", "eap_ig.pt", "mib_bf16.pt", "acdc.pth", "acdc_protocol2.pkl",
    "edge_pruning.json",
  ]) func `circuits of other tools are inspected`(file: String) throws {
    let path = fixtures.appending(path: "circuits/\(file)").path
    let model = ["--model", fixtures.appending(path: "gpt2").path]
    let saysItsSizes = file.hasSuffix(".pt") || file == "eap_ig.json"
    for options in saysItsSizes ? [[], model] : [model] {
      let outcome = try run(["inspect", path] + options)
      #expect(outcome.status == 0 && outcome.output.contains("circuit of 25 of 75 edges"))
      #expect(outcome.output.contains("2 layers of 3 heads"))
    }
  }

  @Test func `a circuit with a score that is NaN is told by its edge`() throws {
    try withTemporaryDirectory { directory in
      let source = fixtures.appending(path: "circuits/eap_ig.json")
      let text = try String(contentsOf: source, encoding: .utf8)
      let file = directory.appending(path: "circuit.json")
      let key = try #require(text.range(of: "\"input->m0\": {\"score\": "))
      let end = try #require(text[key.upperBound...].firstIndex(of: ","))
      try Data((text[..<key.upperBound] + "NaN" + text[end...]).utf8).write(to: file)
      let outcome = try run("inspect", file.path)
      #expect(outcome.status == 1 && outcome.errors.contains("the score of edge \"input->m0\""))
    }
  }

  @Test func `a known model that was not fetched says how to`() throws {
    try withTemporaryDirectory { directory in
      let outcome = try run(
        "discover", "smollm2-135m", environment: ["EDGEWISE_CACHE": directory.path])
      #expect(outcome.status == 1 && outcome.errors.contains("edgewise fetch smollm2-135m"))
    }
  }

  @Test func `what is built in is listed`() throws {
    let tasks = try run("tasks").output
    #expect(tasks.contains("ioi") && tasks.contains("induction") && tasks.contains("kl"))
    #expect(try run("models").output.contains("smollm2-135m"))
    #expect(try run("--help").output.contains("discover"))
  }
}
