import Files
import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

/// Exact patches spent on the edges of a run.
@Suite struct VerifyTests {
  private func scores(_ directory: URL, _ name: String) throws -> EdgeScores {
    let url = directory.appending(path: name).appending(path: "scores.safetensors")
    return try #require(try EdgeScores(safetensors: url))
  }

  private func lines(_ directory: URL, _ name: String) throws -> [[String]] {
    try String(contentsOf: directory.appending(path: name), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
  }

  private func verify(_ arguments: String..., in directory: URL) throws -> Outcome {
    let outcome = try run(["verify", "run"] + arguments, in: directory)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome
  }

  /// Whatever chose the run's circuit, its edges are patched on all prompts and at all tokens.
  @Test(arguments: [
    ["--method", "peap"], ["--per-prompt", "--sign-consistent", "0.9"], ["--method", "nap"],
  ]) func `runs of other kinds`(options: [String]) throws {
    try withTemporaryDirectory { directory in
      let found = try run(
        ["discover", "--count", "10", "--edges", "5", "--output", "run"] + options, in: directory)
      #expect(found.status == 0, "\(found.errors)")
      _ = try verify("--budget", "20", "--output", "verified", in: directory)
      #expect(try lines(directory, "verified/patched.csv").count == 21)
      let moved = try run("diff", "run", "verified/scores.safetensors", in: directory)
      #expect(moved.status == 0, "\(moved.errors)")
    }
  }

  @Test(arguments: ["greedy", "refit", "linucb", "cnml", "diverse"])
  func `all edges patched is exact patching, none is the run itself`(strategy: String) throws {
    try withRun(edges: 10) { _, directory in
      let exact = try run(
        "discover", "--count", "20", "--method", "exact", "--edges", "5", "--output", "exact",
        in: directory)
      #expect(exact.status == 0)
      _ = try verify(
        "--budget", "1000", "--rounds", "5", "--strategy", strategy, "--output", "all",
        in: directory)
      _ = try verify("--budget", "0", "--strategy", strategy, "--output", "none", in: directory)
      #expect(try scores(directory, "none") == scores(directory, "run"))
      let (all, truth) = (try scores(directory, "all"), try scores(directory, "exact"))
      #expect(all.ranked(by: .magnitude) == truth.ranked(by: .magnitude))
      #expect(all == truth)
      let patched = try lines(directory, "all/patched.csv").dropFirst()
      #expect(patched.count == 151 && Set(patched.map { $0[0] }).count == 151)
      #expect(Set(patched.map { $0[1] }) == ["1", "2", "3", "4", "5"])
    }
  }

  /// What is patched says what exact patching says; what is not is marked as predicted.
  @Test func `exact values are where edges were patched`() throws {
    try withRun(edges: 10) { _, directory in
      let exact = try run(
        "discover", "--count", "20", "--method", "exact", "--edges", "5", "--output", "exact",
        in: directory)
      #expect(exact.status == 0)
      let outcome = try verify(
        "--budget", "30", "--truth", "exact", "--output", "some", in: directory)
      #expect(outcome.output.contains("30 of 151 edges patched, strategy refit"), "\(outcome)")
      let truth = try scores(directory, "exact")
      let patched = try lines(directory, "some/patched.csv").dropFirst()
      let file = try Safetensors.read(directory.appending(path: "some/scores.safetensors"))
      let marks = try file.read("exact", try #require(file.tensors["exact"])).values()
      #expect(marks.reduce(0, +) == 30 && patched.count == 30)
      let verified = try scores(directory, "some")
      for cells in patched {
        let edge = try #require(Edge(cells[0]))
        let offset = try #require(truth.graph.offset(of: edge))
        #expect(marks[offset] == 1 && Float(cells[4]) == verified.values[offset])
        // Edges that are patched together share a matrix product, whose last bits depend on how many they are.
        #expect(abs(verified.values[offset] - truth.values[offset]) < 1e-5)
      }
      // The recall of each strategy, from no patches on; all of them start where the run stood.
      let recall = try lines(directory, "some/recall.csv").dropFirst()
      #expect(recall.count == 5 * 9)
      #expect(Set(recall.filter { $0[1] == "0" }.map { $0[2] }).count == 1)
      // Scores that were verified are scores like others.
      let evaluated = try run(
        "evaluate", "some/scores.safetensors", "--model", "induction-tiny", "--edges", "3",
        "--measures", "none", in: directory)
      #expect(evaluated.status == 0, "\(evaluated.errors)")
    }
  }

  @Test func `patches are the same bytes on any threads, and all are counted`() throws {
    try withRun(edges: 10) { _, directory in
      for threads in ["1", "3"] {
        _ = try verify(
          "--budget", "40", "--strategy", "linucb", "--truth", "exhaustive", "--threads", threads,
          "--output", threads, in: directory)
      }
      let files = try FileManager.default.contentsOfDirectory(
        atPath: directory.appending(path: "1").path)
      #expect(
        files.sorted() == [
          "patched.csv", "recall.csv", "recall.pdf", "recall.svg", "scores.safetensors",
          "verification.json",
        ])
      for file in files {
        let bytes = try ["1", "3"].map {
          try Data(contentsOf: directory.appending(path: $0).appending(path: file))
        }
        #expect(bytes[0] == bytes[1], "\(file)")
      }
    }
  }

  /// Edges scored on one kind of prompts, patched on another.
  @Test func `patches can be of other prompts than the run's`() throws {
    try withRun(edges: 10) { _, directory in
      let pairs = (0..<8).map { index in
        let (first, second) = (2 + index % 4, 6 + index % 5)
        return
          "{\"clean\": [\(first), \(second), 12, \(first)], \"corrupted\": [\(first), \(second + 5), 12, \(first)], \"answers\": [\(second)], \"wrong_answers\": [\(second + 5)]}"
      }
      try Data((pairs.joined(separator: "\n") + "\n").utf8).write(
        to: directory.appending(path: "other.jsonl"))
      let outcome = try verify(
        "--budget", "20", "--task", "other.jsonl", "--json", in: directory)
      #expect(outcome.output.contains("other.jsonl, 6 pairs"), "\(outcome.output)")
      #expect(outcome.output.contains("found on other prompts"))
      let seed = try verify("--budget", "5", "--seed", "3", in: directory)
      #expect(seed.output.contains("induction, 20 pairs, seed 3"))
    }
  }

  @Test func `what cannot be verified is said in one sentence`() throws {
    try withRun { path, directory in
      let cases: [([String], Int32, String)] = [
        (["--budget", "-1"], 64, "--budget should be 0 or more"),
        (["--budget", "1", "--rounds", "0"], 64, "--rounds should be from 1 to 1000"),
        (["--budget", "1", "--best", "0"], 64, "--best should be 1 or more"),
        (["--budget", "1", "--strategy", "luck"], 64, "luck"),
        (["--budget", "1", "--truth", "nothing"], 1, "there is no such run or file"),
        (["--budget", "1", "--model", "planted-copy"], 1, "about a model of"),
      ]
      for (arguments, status, text) in cases {
        let outcome = try run(["verify", path] + arguments, in: directory)
        #expect(outcome.status == status && outcome.errors.contains(text), "\(outcome)")
      }
      let file = try run("verify", "run/scores.safetensors", "--budget", "1", in: directory)
      #expect(file.status == 1 && file.errors.contains("expected the directory of a run"))
    }
  }
}
