import Foundation
import TestSupport
import Testing

/// What lies between runs: prompts, other circuits from the same scores, nodes left out.
@Suite(.serialized) struct SelectTests {
  @Test func `a circuit chosen later is the one that discover would have chosen`() throws {
    try withTemporaryDirectory { directory in
      let path = { (name: String) in directory.appending(path: name).path }
      let common = ["--count", "20", "--method", "eap-ig:steps=2"]
      #expect(try run(["discover", "--edges", "50", "--output", path("a")] + common).status == 0)
      #expect(try run(["discover", "--edges", "4", "--output", path("b")] + common).status == 0)
      let selected = try run("select", path("a"), "--edges", "4", "--output", path("c"))
      #expect(selected.status == 0, "\(selected.errors)")
      for file in [
        "circuit.json", "scores.safetensors", "curve.csv", "report.html", "prompts.jsonl",
      ] {
        let data = try ["b", "c"].map {
          try Data(contentsOf: URL(filePath: path($0)).appending(path: file))
        }
        #expect(data[0] == data[1], "\(file)")
      }
      #expect(try run("evaluate", path("c"), "--measures", "none").status == 0)
      let none = try run("select", path("a"))
      #expect(none.status == 64 && none.errors.contains("Choose a circuit with --keep"))
      let odd = try run("select", path("odd"), "--edges", "4")
      #expect(odd.status == 1 && odd.errors.contains("expected the directory of a run"))
    }
  }

  @Test func `a circuit at spans of the prompts`() throws {
    try withTemporaryDirectory { directory in
      let output = directory.appending(path: "run")
      let common = ["discover", "--count", "20", "--edges", "3"]
      let found = try run(common + ["--method", "peap", "--output", output.path])
      #expect(found.status == 0, "\(found.errors)")
      for text in [
        "spans of the prompts: A", "a1.h2->logits    end", "a0.h1->a1.h2<k>  B",
        "input->a0.h1<v>  A", "held out",
      ] { #expect(found.output.contains(text), "\(text) in \(found.output)") }
      let edges = try String(contentsOf: output.appending(path: "span-edges.csv"), encoding: .utf8)
      #expect(edges.split(separator: "\n").count == 4)
      for file in ["span-scores.safetensors", "span-circuit.svg", "span-crossings.csv"] {
        #expect(FileManager.default.fileExists(atPath: output.appending(path: file).path))
      }
      // A run with spans is evaluated, and chosen from, like any other.
      #expect(try run("evaluate", output.path, "--measures", "none").status == 0)
      let selected = try run("select", output.path, "--edges", "2")
      #expect(selected.status == 0 && selected.errors.contains("circuits at spans are those of"))
    }
    let other = try run("discover", "--count", "5", "--method", "acdc", "--spans", "positions")
    #expect(other.status == 1 && other.errors.contains("acdc has no scores at spans"))
    let odd = try run("discover", "--spans", "a=x")
    #expect(odd.status == 64)
  }

  @Test func `edges are chosen in a ratio of signs, or by signs that prompts agree on`() throws {
    try withTemporaryDirectory { directory in
      let path = { (name: String) in directory.appending(path: name).path }
      let common = ["--count", "20", "--per-prompt"]
      #expect(try run(["discover", "--edges", "50", "--output", path("a")] + common).status == 0)
      let half = try run(
        "select", path("a"), "--edges", "10", "--positive", "0.5", "--output", path("half"))
      #expect(half.status == 0, "\(half.errors)")
      let shown = try run("evaluate", path("half"), "--measures", "none")
      #expect(shown.output.contains("50.0 % of edges from the best positive ones"), "\(shown)")
      let steady = ["--edges", "10", "--sign-consistent", "95%"]
      let selected = try run(["select", path("a"), "--output", path("b")] + steady)
      #expect(selected.status == 0 && selected.errors.contains("depends on the prompts"))
      #expect(try run(["discover", "--output", path("c")] + steady + common).status == 0)
      for file in ["circuit.json", "scores.safetensors"] {
        let data = try ["b", "c"].map {
          try Data(contentsOf: URL(filePath: path($0)).appending(path: file))
        }
        #expect(data[0] == data[1], "\(file)")
      }
      // What is chosen from such scores says what they are, and what it was chosen by.
      let again = try run("select", path("b"), "--edges", "5", "--output", path("d"))
      #expect(again.status == 0, "\(again.errors)")
      struct Record: Decodable {
        struct Selection: Decodable { let signShare: Double? }
        struct Plan: Decodable { let selection: Selection }
        let plan: Plan
      }
      for (name, share) in [("a", nil), ("half", nil), ("b", 0.95), ("c", 0.95), ("d", 0.95)] {
        let record = try JSONDecoder().decode(
          Record.self, from: Data(contentsOf: URL(filePath: path(name + "/run.json"))))
        #expect(record.plan.selection.signShare == share as Double?, "\(name)")
      }
      #expect(try run("evaluate", path("b"), "--measures", "none").status == 0)
      let cases: [([String], Int32, String)] = [
        (["select", path("b")] + steady, 1, "no scores prompt by prompt"),
        (["discover"] + steady, 1, "add --per-prompt"),
        (["evaluate", path("a")] + steady, 1, "with select"),
        (["select", path("a"), "--edges", "5", "--positive", "2"], 64, "from 0 to 1"),
        (["select", path("a"), "--threshold", "1", "--positive", "0.5"], 64, "goes with a number"),
        (["select", path("a"), "--edges", "5", "--sign-consistent", "0.2"], 64, "more than 0.5"),
      ]
      for (arguments, status, text) in cases {
        let outcome = try run(arguments)
        #expect(outcome.status == status && outcome.errors.contains(text), "\(outcome)")
      }
    }
  }

  @Test func `without a size the smallest circuit that keeps 85 % is found, on held-out prompts`()
    throws
  {
    let outcome = try run("discover", "--count", "30")
    for text in [
      "circuit            3", "induction, 30 pairs, seed 1: held out",
      "the smallest circuit found to keep 85.0 %", "probability-difference",
    ] { #expect(outcome.output.contains(text), "\(text) in \(outcome.output)") }
    let half = try run("discover", "--count", "30", "--keep", "50%")
    #expect(half.output.contains("found to keep 50.0 %"))
    let sized = try run("discover", "--count", "30", "--edges", "3")
    #expect(sized.output.contains("measured in sample") && !sized.output.contains("smallest"))
    for odd in ["0", "-5%", "x", "2000%"] {
      #expect(try run("discover", "--keep", odd).status == 64, "\(odd)")
    }
    let both = try run("discover", "--keep", "0.5", "--edges", "3")
    #expect(both.status == 64 && both.errors.contains("Give one of"))
  }

  @Test func `a file's pairs are held out, and measured by what compares or evaluates`() throws {
    try withTemporaryDirectory { directory in
      try write(pairs: 20, to: directory.appending(path: "pairs.jsonl"))
      let first = try run(
        "discover", "--task", "pairs.jsonl", "--edges", "3", "--output", "run", in: directory)
      #expect(first.output.contains("pairs.jsonl, 14 pairs, 6 more held out, seed 0"))
      let evaluated = try run("evaluate", "run", "--measures", "none", in: directory)
      #expect(evaluated.output.contains("pairs.jsonl, 6 pairs: held out"), "\(evaluated)")
      let compared = try run(
        "compare", "induction-tiny", "--task", "pairs.jsonl", "--method", "eap", in: directory)
      #expect(compared.output.contains("measured on pairs.jsonl, 6 pairs: held out"))
      let whole = try run(
        "compare", "induction-tiny", "--task", "pairs.jsonl", "--method", "eap", "--holdout", "0",
        in: directory)
      #expect(whole.output.contains("on the prompts that circuits were found on"), "\(whole)")
      let other = try run(
        "compare", "induction-tiny", "--task", "pairs.jsonl", "--method", "eap", "--eval-task",
        "induction", in: directory)
      #expect(other.output.contains("measured on induction, 100 pairs"), "\(other)")
    }
  }

  /// The prompts that decided on a circuit's size are not those that it is evaluated on.
  @Test func `a searched circuit is evaluated on other prompts than chose its size`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let found = try run("discover", "--count", "20", "--output", path)
      #expect(found.output.contains("seed 1: held out"))
      let evaluated = try run("evaluate", path, "--measures", "none")
      #expect(evaluated.output.contains("seed 2: held out, the circuit was found on seed 0"))
      #expect(evaluated.output.contains("ranked by signed, order top"), "\(evaluated)")
      let chosen = try run("evaluate", path, "--measures", "none", "--seed", "1")
      #expect(chosen.output.contains("and its size chosen on these"))
      let again = try run("evaluate", path, "--measures", "none", "--keep", "50%")
      #expect(again.output.contains("the circuit's size was chosen on these prompts"))
      let other = try run(
        "compare", "induction-tiny", "--count", "10", "--method", "eap", "--eval-task", "induction")
      #expect(other.output.contains("measured on induction, 10 pairs, seed 1: held out"))
    }
  }

  @Test func `two settings of a method are held against each other`() throws {
    let outcome = try run(
      "compare", "planted-or", "--method", "eap-ig:steps=1,eap-ig:steps=9", "--count", "10")
    #expect(outcome.output.contains("eap-ig:steps=1") && outcome.output.contains("eap-ig:steps=9"))
  }

  @Test func `a dry run tells the cost and stops`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let outcome = try run(
        "discover", "--method", "acdc:tau=0.1/0.2", "--dry-run", "--output", path)
      #expect(outcome.output.contains("304 forward passes, 0 backward passes"), "\(outcome)")
      #expect(!outcome.output.contains("rank"))
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  /// Which pairs are held out does not depend on what a tokenizer makes of the others.
  @Test func `a pair that is skipped moves no other one`() throws {
    try withTemporaryDirectory { directory in
      let pair = { (index: Int, isUnequal: Bool) in
        """
        {"clean": [1, 2, \(index)], "corrupted": \(isUnequal ? "[1, 2]" : "[1, 3, \(index)]"), \
        "answers": [\(index)], "wrong_answers": [2]}
        """
      }
      var found: [Set<String>] = []
      for skipped in [nil, 12, 17] as [Int?] {
        let name = "pairs\(skipped ?? 0)"
        let lines = (8..<20).map { pair($0, $0 == skipped) }.joined(separator: "\n")
        try Data(lines.utf8).write(to: directory.appending(path: name + ".jsonl"))
        let outcome = try run(
          "discover", "--task", name + ".jsonl", "--skip-unequal", "--edges", "3", "--output", name,
          in: directory)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let kept = try String(
          contentsOf: directory.appending(path: name).appending(path: "prompts.jsonl"),
          encoding: .utf8)
        found.append(Set(kept.split(separator: "\n").map(String.init)))
      }
      #expect(found[0].count == 9)
      for (index, skipped) in [12, 17].enumerated() {
        #expect(
          found[index + 1] == found[0].filter { !$0.contains("\"answers\":[\(skipped)]") })
      }
    }
  }

  @Test func `a cut inside of a tie is said`() throws {
    let arguments = [
      "discover", "planted-two-hops", "--count", "20", "--method", "acdc:tau=0.5/0.01",
    ]
    let cut = try run(arguments + ["--edges", "3"])
    #expect(cut.errors.contains("and 3 of them are kept"), "\(cut)")
    #expect(try run("discover", "--count", "5", "--edges", "3").errors.isEmpty)
  }

  @Test func `more edges than there are is said`() throws {
    let outcome = try run("discover", "--edges", "152", "--count", "5")
    #expect(outcome.status == 0 && outcome.errors.contains("only 151 edges"))
    #expect(try run("discover", "--edges", "151", "--count", "5").errors.isEmpty)
  }

  @Test func `nodes are ablated`() throws {
    let outcome = try run("ablate", "induction-tiny", "a1.h2,m0", "--count", "10")
    #expect(outcome.status == 0 && outcome.output.contains("a1.h2 m0"), "\(outcome)")
    let lines = outcome.output.split(separator: "\n").filter { $0.contains("logit-difference") }
    #expect(lines.count == 3 && lines[0].contains("-5.5") && !lines[1].contains("-5.5"))
    let odd = try run("ablate", "induction-tiny", "a9.h2")
    #expect(odd.status == 1 && odd.errors.contains("a9.h2"), "\(odd.errors)")
    #expect(try run("ablate", "induction-tiny", "x").status == 1)
  }

  @Test func `methods tell their options`() throws {
    let outcome = try run("methods", "sp")
    for text in [
      "2104.03514", "sp:steps=…:rate=…:loss=…:prompts=…:init=…:sparsity=…", "300",
      "a number of 0 or more",
    ] {
      #expect(outcome.output.contains(text), "\(text) in \(outcome.output)")
    }
    #expect(try run("methods", "eap").output.contains("no options"))
    #expect(try run("methods", "odd").status == 1)
  }

  /// Prompts of a file, as many as are asked for.
  private func write(pairs count: Int, to file: URL) throws {
    let prompts = try run("prompts", "induction", "--count", "\(count)", "--json")
    let found = try JSONSerialization.jsonObject(with: Data(prompts.output.utf8))
    let lines = try #require(found as? [[String: Any]]).map {
      String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
  }

  /// Neither the directory's place nor the task's file matters to what comes after the run.
  @Test func `a run that was moved has all that it needs`() throws {
    try withTemporaryDirectory { directory in
      let path = { (name: String) in directory.appending(path: name).path }
      try write(pairs: 20, to: directory.appending(path: "pairs.jsonl"))
      let discover = [
        "discover", "--task", "pairs.jsonl", "--method", "eap-ig:steps=2", "--output", "run",
      ]
      #expect(try run(discover, in: directory).status == 0)
      let evaluate = { (run: String) in ["evaluate", run, "--draws", "2"] }
      let select = { (run: String) in ["select", run, "--keep", "50%", "--output", run + "-half"] }
      let before = try run(evaluate(path("run"))).output
      #expect(try run(select(path("run"))).status == 0)

      try FileManager.default.removeItem(atPath: path("pairs.jsonl"))
      try FileManager.default.moveItem(atPath: path("run"), toPath: path("moved"))
      let after = try run(evaluate(path("moved")))
      #expect(after.output == before && after.errors.isEmpty, "\(after)")
      #expect(before.contains("6 pairs: held out"), "\(before)")
      let selected = try run(select(path("moved")))
      #expect(selected.status == 0, "\(selected)")
      for file in ["circuit.json", "report.html", "prompts.jsonl", "held-out.jsonl"] {
        #expect(
          FileManager.default.contentsEqual(
            atPath: path("run-half/" + file), andPath: path("moved-half/" + file)), "\(file)")
      }
      // A selection is as good a run.
      #expect(try run("evaluate", path("moved-half"), "--measures", "none").status == 0)
    }
  }

  @Test func `a run whose model or edges are gone says so or goes on`() throws {
    try withTemporaryDirectory { directory in
      let path = { (name: String) in directory.appending(path: name).path }
      try FileManager.default.copyItem(
        at: fixtures.appending(path: "gpt2"), to: directory.appending(path: "model"))
      let common = ["--task", "induction", "--count", "4", "--edges", "9"]
      #expect(try run(["discover", path("model"), "--output", path("among")] + common).status == 0)
      let exact = "exact:among=\(path("among"))"
      #expect(
        try run(
          ["discover", path("model"), "--method", exact, "--output", path("run")] + common
        ).status == 0)
      try FileManager.default.removeItem(atPath: path("among"))
      #expect(try run("select", path("run"), "--edges", "2").status == 0)
      try FileManager.default.moveItem(atPath: path("model"), toPath: path("elsewhere"))
      let lost = try run("select", path("run"), "--edges", "2")
      #expect(
        lost.status == 1 && lost.errors.contains("There is no file, directory or known model"))
      let found = try run("select", path("run"), "--edges", "2", "--model", path("elsewhere"))
      #expect(found.status == 0, "\(found.errors)")
    }
  }

  /// A file is known by what it holds, not by its name.
  @Test func `prompts that circuits were found on are noticed in a copy`() throws {
    try withTemporaryDirectory { directory in
      try write(pairs: 12, to: directory.appending(path: "pairs.jsonl"))
      try write(pairs: 12, to: directory.appending(path: "copy.jsonl"))
      let outcome = try run(
        [
          "compare", "induction-tiny", "--task", "pairs.jsonl", "--holdout", "0", "--eval-task",
          "copy.jsonl", "--method", "eap",
        ], in: directory)
      #expect(outcome.output.contains("circuits were found on 12 of them"), "\(outcome)")
      let counted = try run(
        "discover", "--task", "pairs.jsonl", "--count", "3", "--edges", "3", in: directory)
      #expect(counted.errors.contains("--count goes with built-in tasks"))
      #expect(counted.output.contains("pairs.jsonl, 9 pairs"))
    }
  }
}
