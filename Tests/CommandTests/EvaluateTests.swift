import Foundation
import Tasks
import TestSupport
import Testing

/// `evaluate` and `robustness` as a user runs them, on runs of the bundled model.
@Suite(.serialized) struct EvaluateTests {
  @Test func `a run is evaluated on other prompts by everything there is`() throws {
    try withRun { path, directory in
      let target = directory.appending(path: "evaluation")
      let outcome = try run(
        "evaluate", path, "--truth", path, "--against", path, "--draws", "4", "--output",
        target.path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      for text in [
        "circuit of 3 edges, 3 on paths", "induction, 20 pairs, seed 1: held out",
        "found on seed 0", "answer-rank", "4 random circuits", "CPR 0.9", "CMD 0.0",
        "without the circuit the model", "a1.h2->logits", "Jaccard index", "100.0 %",
        "rank correlation 1.000",
      ] { #expect(outcome.output.contains(text), "\(text) in \(outcome.output)") }
      for line in outcome.output.split(separator: "\n") where !line.hasPrefix("files:") {
        #expect(line.count <= 100, "\(line)")
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: target.path).sorted() == [
          "completeness.csv", "curve.csv", "curve.pdf", "curve.svg", "evaluation.json",
          "metrics.csv", "minimality.csv", "nodes.csv", "roc.csv", "roc.pdf", "roc.svg",
        ])
      let curve = try String(contentsOf: target.appending(path: "curve.csv"), encoding: .utf8)
      #expect(curve.split(separator: "\n").count == 21)
    }
  }

  @Test func `the same evaluation gives the same bytes on any threads`() throws {
    try withRun(edges: 5) { path, directory in
      var files: [[String: Data]] = []
      for threads in ["1", "3"] {
        let target = directory.appending(path: threads)
        #expect(
          try run(
            "evaluate", path, "--ablation", "mean-both", "--draws", "3", "--threads", threads,
            "--output", target.path
          ).status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: target.path)
        files.append(
          Dictionary(
            uniqueKeysWithValues: try names.filter { $0 != "evaluation.json" }.map {
              ($0, try Data(contentsOf: target.appending(path: $0)))
            }))
      }
      #expect(files[0] == files[1] && files[0].count == 7)
    }
  }

  @Test func `--json prints one object`() throws {
    struct Record: Decodable {
      struct Metric: Decodable {
        let metric: String
        let faithfulness: Double?
        let recovered: [String: Double]
      }
      struct Curve: Decodable {
        let ranking: String
        let area: [String: Double]
      }
      let metrics: [Metric]
      let curves: [Curve]
      let edges: Int
    }
    try withRun { path, _ in
      let outcome = try run("evaluate", path, "--json", "--measures", "curve")
      let record = try JSONDecoder().decode(Record.self, from: Data(outcome.output.utf8))
      #expect(record.edges == 3 && record.metrics.count == Metrics.all.count)
      #expect(record.metrics[0].metric == "logit-difference")
      #expect((record.metrics[0].recovered["50 %"] ?? 0) > 0.98)
      #expect(record.curves.map(\.ranking) == ["signed", "magnitude"])
      #expect(record.curves[0].area.count == 4)
    }
  }

  @Test(arguments: [
    "logit-difference", "probability-difference", "nll", "kl", "kl-reverse", "js", "accuracy",
    "exact-match", "answer-rank",
  ]) func `every metric, also where full and empty are alike`(metric: String) throws {
    try withRun { path, directory in
      let outcome = try run(
        "evaluate", path, "--metric", metric, "--draws", "2", "--count", "5", "--output",
        directory.appending(path: metric).path)
      #expect(outcome.status == 0 && outcome.output.contains("Jaccard"), "\(outcome)")
      // No prompt has a position 99, so nothing is ablated and no ratio means anything.
      let alike = try run(
        "evaluate", path, "--metric", metric, "--draws", "2", "--count", "5", "--positions", "99",
        "--output", directory.appending(path: "alike").path)
      #expect(alike.status == 0 && alike.errors.contains("hardly changes the metric"), "\(alike)")
      #expect(!alike.output.lowercased().contains("nan"), "\(alike.output)")
    }
  }

  @Test func `nodes, and the circuit itself`() throws {
    try withRun { path, _ in
      let nodes = try run(
        "evaluate", path, "--granularity", "nodes", "--measures", "minimality,completeness")
      #expect(nodes.output.contains("ablation of nodes outside of the circuit"))
      #expect(nodes.output.contains("\na1.h2 ") && nodes.output.contains("0 of 2 change it"))
      let itself = try run("evaluate", path, "--part", "circuit", "--measures", "none")
      #expect(itself.output.contains("ablation of edges of the circuit itself"))
      #expect(!itself.output.contains("CPR"))
      let necessity = try run("robustness", path, "--part", "circuit", "--positions", "0")
      #expect(necessity.output.contains("16 choices of what is ablated of the circuit itself"))
      // Where only the first position is ablated, resampling changes little: a dash, not a huge ratio.
      for line in necessity.output.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    }
  }

  @Test func `the run's ranking holds unless another one is given`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let found = try run("discover", "--count", "20", "--ranking", "signed", "--output", path)
      #expect(found.status == 0)
      let said = { (arguments: [String]) in
        try run(["evaluate", path, "--measures", "none", "--edges", "40"] + arguments).output
      }
      let (plain, other) = (
        try said([]), try said(["--ranking", "magnitude", "--order", "greedy"])
      )
      #expect(plain.contains("edges ranked by signed, order top"))
      #expect(other.contains("edges ranked by magnitude, order greedy"))
      #expect(plain.contains("found by eap, resample ablation, logit-difference"))
    }
  }

  @Test func `another circuit is chosen from the scores`() throws {
    try withRun { path, _ in
      for (option, says) in [
        (["--edges", "40"], "circuit of 40 edges"),
        (["--fraction", "0.1", "--order", "greedy"], "circuit of 15 edges"),
        (["--nodes", "2"], "through 2 heads and MLPs"),
        (["--threshold", "1e9"], "circuit of 0 edges"),
      ] {
        let outcome = try run(["evaluate", path, "--measures", "random"] + option)
        #expect(outcome.status == 0 && outcome.output.contains(says), "\(option): \(outcome)")
      }
    }
  }

  @Test func `an empty circuit and a single prompt are measured as far as they can be`() throws {
    try withRun(edges: 0) { path, _ in
      let outcome = try run("evaluate", path, "--count", "1", "--draws", "2")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("circuit of 0 edges, 0 on paths"))
      #expect(outcome.output.contains("0 of 0 change it"))
      #expect(outcome.output.contains("induction, 1 pair, seed 1"))
      // One prompt has no standard error, and nothing to draw from.
      #expect(outcome.output.contains("–") && !outcome.output.contains("Jaccard"))
    }
  }

  @Test func `what the prompts are is said`() throws {
    try withRun { path, directory in
      let said = { (arguments: [String]) in
        try run(["evaluate", path, "--measures", "random"] + arguments).output
      }
      #expect(try said(["--seed", "0"]).contains("found on these very prompts"))
      #expect(try said(["--seed", "9", "--count", "7"]).contains("7 pairs, seed 9: held out"))
      let line =
        #"{"clean": [3, 5, 9, 3], "corrupted": [4, 5, 9, 3], "answers": [5], "wrong_answers": [9]}"#
      let file = directory.appending(path: "task.jsonl")
      try Data(line.utf8).write(to: file)
      #expect(try said(["--task", file.path]).contains("another task than the circuit"))
      // A task's file is found from elsewhere, whatever it is called, and must not have changed.
      let second = try run(
        "discover", "--task", "task.jsonl", "--output", "other", in: directory)
      #expect(second.status == 0)
      let other = directory.appending(path: "other").path
      for arguments in [[], ["--task", file.path], ["--task", directory.path + "/./task.jsonl"]] {
        let outcome = try run(["evaluate", other, "--measures", "none"] + arguments)
        #expect(outcome.output.contains("was found on these prompts"), "\(outcome)")
      }
      try Data((line + "\n" + line).utf8).write(to: file)
      let changed = try run("evaluate", other, "--task", file.path)
      #expect(changed.status == 1 && changed.errors.contains("the file has changed"))
      // The run has its prompts.
      let kept = try run("evaluate", other, "--measures", "none")
      #expect(kept.output.contains("task.jsonl, 1 pair; the circuit was found on these prompts"))
    }
  }

  @Test func `relative paths of a run are found again`() throws {
    try withTemporaryDirectory { directory in
      try FileManager.default.copyItem(
        at: fixtures.appending(path: "gpt2"), to: directory.appending(path: "model"))
      #expect(
        try run(
          "discover", "model", "--task", "induction", "--count", "4", "--output", "run",
          in: directory
        ).status == 0)
      let path = directory.appending(path: "run").path
      let found = try run("evaluate", path, "--measures", "random", "--draws", "2")
      #expect(found.status == 0, "\(found.errors)")
      // A changed model is refused, unless it is named.
      let config = directory.appending(path: "model/config.json")
      let text = try String(contentsOf: config, encoding: .utf8)
      try Data((text + "\n").utf8).write(to: config)
      let changed = try run("evaluate", path)
      #expect(changed.status == 1 && changed.errors.contains("its files have changed"))
      let named = try run(
        "evaluate", path, "--model", directory.appending(path: "model").path, "--measures",
        "random", "--draws", "2")
      #expect(named.status == 0, "\(named.errors)")
    }
  }

  @Test func `circuits of other tools are evaluated`() throws {
    let model = fixtures.appending(path: "gpt2").path
    for file in ["eap_ig.json", "eap_ig.pt", "acdc.pth", "acdc_protocol4.pkl", "edge_pruning.json"]
    {
      let path = fixtures.appending(path: "circuits/\(file)").path
      let outcome = try run(
        "evaluate", path, "--model", model, "--task", "induction", "--count", "5", "--draws", "2")
      #expect(
        outcome.status == 0 && outcome.output.contains("circuit of 25 edges"), "\(file): \(outcome)"
      )
      #expect(outcome.output.contains("CPR") == !["acdc.pth", "edge_pruning.json"].contains(file))
    }
  }

  @Test func `robustness shows every choice and the spread`() throws {
    try withRun { path, directory in
      let target = directory.appending(path: "robustness")
      let outcome = try run("robustness", path, "--output", target.path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      for text in [
        "under 16 choices", "nodes    positional-mean  changed,last", "lowest", "highest",
        "in percentage points",
      ] { #expect(outcome.output.contains(text), "\(text) in \(outcome.output)") }
      for line in outcome.output.split(separator: "\n") where !line.hasPrefix("files:") {
        #expect(line.count <= 100, "\(line)")
      }
      let table = try String(contentsOf: target.appending(path: "robustness.csv"), encoding: .utf8)
      #expect(table.split(separator: "\n").count == 1 + 16 * 4)
      let wide = try run(
        "robustness", path, "--metric", "kl-reverse", "--ablation", "positional-mean-both")
      #expect(wide.output.contains("prob-diff") && wide.output.contains("kl-reverse"))
      for line in wide.output.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
      let less = try run(
        "robustness", path, "--ablation", "zero,mean-clean", "--positions", "all", "--json")
      #expect(less.output.contains("\"mean-clean\"") && !less.output.contains("\"resample\""))
    }
  }
}
