import Foundation
import TestSupport
import Testing

/// What `evaluate` and `robustness` say to input that they cannot use.
@Suite(.serialized) struct EvaluateFaultTests {
  @Test(arguments: [
    (["evaluate", "odd"], 1, "odd: there is no such run or file"),
    (["evaluate", "/"], 1, "expected the directory of a run, with run.json"),
    (["evaluate", "RUN", "--metric", "odd"], 1, "There is no metric \"odd\""),
    (["evaluate", "RUN", "--task", "ioi"], 1, "the model has no tokenizer"),
    (["evaluate", "RUN", "--edges", "3", "--nodes", "2"], 64, "Give one of --edges"),
    (["evaluate", "RUN", "--fraction", "2"], 64, "fraction of edges should be from 0 to 1"),
    (["evaluate", "RUN", "--threshold", "nan"], 64, "threshold should be a number"),
    (["evaluate", "RUN", "--nodes", "2", "--order", "greedy"], 64, "order greedy goes with"),
    (["evaluate", "RUN", "--positions", "odd"], 64, "--positions"),
    (["evaluate", "RUN", "--measures", "odd"], 64, "completeness"),
    (["evaluate", "RUN", "--draws", "1"], 64, "--draws should be from 2"),
    (["evaluate", "RUN", "--ablation", "odd"], 64, "mean-both"),
    (["evaluate", "RUN", "--truth", "odd.json"], 1, "odd.json: the file cannot be read"),
    (["evaluate", "RUN/circuit.json"], 1, "name it with --model"),
    (["evaluate", "RUN/scores.safetensors", "--model", "induction-tiny"], 1, "choose one with"),
    (
      [
        "evaluate", "FIXTURES/circuits/edge_pruning.json", "--model", "induction-tiny", "--edges",
        "3",
      ], 1, "has no scores"
    ),
    (
      ["evaluate", "FIXTURES/circuits/eap_ig.json", "--model", "induction-tiny"], 1,
      "d_model 24, but this one has 2 layers, 5 heads"
    ),
    (["robustness", "odd"], 1, "odd: there is no such run or file"),
    (["evaluate", "RUN", "--truth", "RUN/scores.safetensors"], 1, "expected a circuit as --truth"),
    (
      [
        "evaluate", "FIXTURES/circuits/edge_pruning.json", "--model", "FIXTURES/gpt2", "--task",
        "induction", "--measures", "curve",
      ], 1, "The measure curve needs scores"
    ),
    (
      [
        "evaluate", "FIXTURES/circuits/eap_ig.json", "--model", "FIXTURES/gpt2", "--task",
        "induction", "--measures", "stability",
      ], 1, "needs the directory of a run"
    ),
    (["evaluate", "RUN", "--count", "1", "--measures", "stability"], 1, "more than one prompt"),
    (["evaluate", "RUN", "--task", "odd.jsonl", "--count", "3"], 1, "go with built-in tasks"),
  ]) func `bad input gives one clear sentence`(
    arguments: [String], status: Int32, says: String
  ) throws {
    try withRun { path, _ in
      let outcome = try run(
        arguments.map {
          $0.replacing("RUN", with: path).replacing("FIXTURES", with: fixtures.path)
        })
      #expect(outcome.status == status && outcome.errors.contains(says), "\(arguments): \(outcome)")
      #expect(outcome.output.isEmpty)
    }
  }
}
