import Foundation
import TestSupport
import Testing

/// What people have, and what it should give: every file in the fixture's folder of cases.
@Suite struct CaseTests {
  private let cases = fixtures.appending(path: "cases")
  private let gpt2 = fixtures.appending(path: "gpt2").path
  private var ids: String { cases.appending(path: "tasks/ids_gpt2.jsonl").path }

  private func model(_ name: String) -> String { cases.appending(path: "models/" + name).path }
  private func circuit(_ name: String) -> String { cases.appending(path: "circuits/" + name).path }

  /// A run of EAP on prompts of token ids.
  private func discover(_ model: String) throws -> Outcome {
    try run("discover", model, "--task", ids, "--edges", "3", "--quiet")
  }

  @Test(arguments: [
    ("bin-only", "pytorch_model.bin: the file ends inside the archive"),
    ("lfs-pointer", "model.safetensors: this is a pointer of Git LFS of 134 bytes"),
    (
      "llama-untied-head-missing",
      "\"lm_head.weight\", which the checkpoint lacks: set \"tie_word_embeddings\" to true"
    ),
  ]) func `a model that cannot be loaded names the way out`(name: String, says: String) throws {
    let outcome = try discover(model(name))
    #expect(outcome.status == 1 && outcome.errors.contains(says), "\(outcome)")
  }

  @Test func `a tokenizer that cannot be read is missed by text alone`() throws {
    try withTemporaryDirectory { directory in
      let copy = directory.appending(path: "model")
      try FileManager.default.copyItem(atPath: model("llama-sentencepiece"), toPath: copy.path)
      let file = copy.appending(path: "tokenizer.json")
      let json = try String(contentsOf: file, encoding: .utf8)
      try FileManager.default.removeItem(at: file)
      try Data(json.replacing("\"Prepend\"", with: "\"Precompiled\"").utf8).write(to: file)
      #expect(try discover(copy.path).status == 0)
      let text = cases.appending(path: "tasks/UPPER.CSV").path
      let says = "the normalizer Precompiled is not supported"
      let outcome = try run("discover", copy.path, "--task", text)
      #expect(outcome.status == 1 && outcome.errors.contains(says), "\(outcome)")
      #expect(outcome.errors.contains("give prompts and answers as token ids"))
      #expect(try run("inspect", copy.path).output.contains(says))
    }
  }

  @Test(arguments: ["gpt2-pad-added", "llama-sentencepiece"])
  func `tokens that were added and characters as bytes are no reason to refuse`(name: String) throws
  {
    #expect(try discover(model(name)).status == 0)
    try withTemporaryDirectory { directory in
      let pair = { (clean: String) -> String in
        """
        {"clean": "\(clean)", "corrupted": "BA", "answers": ["C"], "wrong_answers": ["D"]}
        """
      }
      let task = directory.appending(path: "task.jsonl")
      try Data(pair("AB").utf8).write(to: task)
      let outcome = try run("discover", model(name), "--task", task.path, "--edges", "3")
      #expect(outcome.status == 0, "\(outcome)")
      guard name == "gpt2-pad-added" else { return }
      try Data(pair("A[PAD]").utf8).write(to: task)
      let unknown = try run("discover", model(name), "--task", task.path, "--edges", "3")
      #expect(unknown.status == 1 && unknown.errors.contains("token 61"), "\(unknown)")
    }
  }

  @Test func `the rotary base is found wherever it is stated`() throws {
    let numbers = try ["inside-rope_scaling", "top-level"].map { place in
      let outcome = try discover(model("llama-theta-" + place))
      #expect(outcome.status == 0 && !outcome.errors.contains("rope_theta"), "\(outcome)")
      return outcome.output.split(separator: "\n").filter { $0.contains("full model") }
    }
    #expect(numbers[0] == numbers[1] && numbers[0].count == 1)
    try withTemporaryDirectory { directory in
      let copy = directory.appending(path: "model")
      try FileManager.default.copyItem(atPath: model("llama-theta-top-level"), toPath: copy.path)
      let config = copy.appending(path: "config.json")
      let text = try String(contentsOf: config, encoding: .utf8)
      try FileManager.default.removeItem(at: config)
      try Data(text.replacing("rope_theta", with: "rope_zeta").utf8).write(to: config)
      #expect(
        try discover(copy.path).errors.contains("states no \"rope_theta\", so 10000 is taken"))
    }
  }

  @Test func `an unembedding that is stored beside a tied one is said not to be used`() throws {
    try withTemporaryDirectory { directory in
      let copy = directory.appending(path: "model")
      try FileManager.default.copyItem(atPath: model("llama-theta-top-level"), toPath: copy.path)
      let config = copy.appending(path: "config.json")
      let text = try String(contentsOf: config, encoding: .utf8)
      try FileManager.default.removeItem(at: config)
      try Data(
        text.replacing("\"tie_word_embeddings\": false", with: "\"tie_word_embeddings\": true").utf8
      ).write(to: config)
      let outcome = try discover(copy.path)
      #expect(
        outcome.errors.contains("\"lm_head.weight\" differs from the embedding"), "\(outcome)")
    }
  }

  private func evaluate(_ name: String, _ options: String...) throws -> Outcome {
    try run(
      ["evaluate", circuit(name), "--model", gpt2, "--task", ids, "--measures", "none"] + options)
  }

  @Test(arguments: ["sparse_by_hand.json", "eapig_2024.json"])
  func `circuits of seven edges`(name: String) throws {
    let outcome = try evaluate(name)
    #expect(outcome.output.contains("circuit of 7 edges"), "\(outcome)")
    let inspected = try run("inspect", circuit(name))
    #expect(inspected.output.contains("circuit of 7 of 75 edges"), "\(inspected)")
  }

  @Test func `importances of nodes choose nodes, and edges between them`() throws {
    let name = "mib_node_importances.json"
    let nodes = try evaluate(name, "--nodes", "3")
    #expect(nodes.status == 0 && nodes.output.contains("through 3 heads and MLPs"), "\(nodes)")
    let edges = try evaluate(name, "--edges", "10")
    #expect(edges.status == 0 && edges.output.contains("circuit of 10 edges"), "\(edges)")
    #expect(try evaluate(name).errors.contains("the file has scores but no circuit"))
    #expect(try run("inspect", circuit(name)).output.contains("1  m1     +0.5000"))
  }

  @Test func `scores as plain numbers choose a circuit when one is asked for`() throws {
    let name = "scores_as_plain_numbers.json"
    #expect(try evaluate(name, "--edges", "10").output.contains("circuit of 10 edges"))
    #expect(try evaluate(name).errors.contains("the file has scores but no circuit"))
  }

  @Test func `a file without edges says so`() throws {
    let outcome = try evaluate("eapig_2025_02_to_04_no_edges.json")
    #expect(outcome.status == 1 && outcome.errors.contains("the file lists no edges"))
  }

  @Test func `positions of few prompts are said`() throws {
    let task = cases.appending(path: "tasks/lengths_5_to_9.jsonl").path
    let arguments = [
      "discover", gpt2, "--task", task, "--edges", "3", "--holdout", "0", "--ablation",
    ]
    let few = try run(arguments + ["positional-mean"])
    #expect(
      few.errors.contains("at 1 of 10 positions the positional mean is of fewer than 3 prompts"),
      "\(few)")
    for ablation in ["positional-mean-both", "mean", "resample"] {
      #expect(try !run(arguments + [ablation]).errors.contains("fewer than 3 prompts"))
    }
  }

  @Test func `answers of no use are named by their columns`() throws {
    let path = cases.appending(path: "public/greater_than.csv").path
    let outcome = try run("discover", model("llama-double-bos"), "--task", path)
    #expect(
      outcome.status == 1 && outcome.errors.contains("the columns clean, corrupted, label only"))
  }

  @Test(
    .tags(.realModel), .enabled(if: RealModel.isThere),
    arguments: [
      ("UPPER.CSV", 1), ("array.json", 2), ("bom.jsonl", 1), ("tabs.tsv", 1), ("semicolon.csv", 1),
      ("quotes_newlines.csv", 1), ("crlf.csv", 1), ("inst.csv", 1),
      ("edge_pruning_custom.jsonl", 3),
      ("mib_ioi.jsonl", 1), ("no_spaces_20k.jsonl", 1), ("one_long_prompt.jsonl", 1),
    ]) func `prompts are read`(name: String, count: Int) throws
  {
    let outcome = try run(
      "prompts", cases.appending(path: "tasks/" + name).path, "--model", "smollm2-135m", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.components(separatedBy: "\"clean\" :").count == count + 1)
  }

  @Test(.tags(.realModel), .enabled(if: RealModel.isThere)) func `public files are read`() throws {
    for (name, says) in [
      ("greater_than.csv", "pairs"), ("token_lists.csv", "7 pairs"),
      ("sva_simple.json", "left out"),
    ] {
      let outcome = try run(
        "prompts", cases.appending(path: "public/" + name).path, "--model", "smollm2-135m",
        "--skip-unusable")
      #expect(outcome.status == 0 && outcome.output.contains(says), "\(outcome)")
    }
  }
}
