import Foundation
import Testing
import TestSupport

/// `compare` and `methods` as a user runs them.
@Suite struct CompareTests {
  @Test func `methods are listed with paper and cost`() throws {
    let text = try run("methods").output
    for part in [
      "eap-ig", "2310.10348", "acdc", "2304.14997", "1 forward for each edge and tau", "hisp", "sp",
    ] {
      #expect(text.contains(part), "\(part)")
    }
  }

  @Test func `known circuits are compared by areas`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "comparison").path
      let outcome = try run(
        "compare", "planted-copy", "planted-or",
        fixtures.appending(path: "tracr/reverse").path, "--method", "eap,eap-ig,exact,acdc,hisp",
        "--count", "20", "--output", path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      for part in [
        "planted-or: 3 layers", "the true circuit has 5 edges", "the true circuit has 2 edges",
        "edge AUC",
        "mean over the 3 tasks whose circuits are known", "backward",
      ] {
        #expect(outcome.output.contains(part), "\(part)")
      }
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 110 })
      let files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      #expect(
        files == [
          "comparison.json", "comparison.txt", "planted-copy.pdf", "planted-copy.svg",
          "planted-or.pdf", "planted-or.svg", "reverse.pdf", "reverse.svg",
        ])
      let data = try Data(contentsOf: URL(filePath: path).appending(path: "comparison.json"))
      let record = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let tasks = try #require(record["tasks"] as? [[String: Any]])
      let outcomes = try #require(tasks[1]["outcomes"] as? [[String: Any]])
      let areas = outcomes.map { ($0["areas"] as? [String: Double])?["edge AUC"] ?? 0 }
      // EAP cannot see the inputs of an OR gate; EAP-IG can.
      #expect(areas[0] < 0.99 && areas[1] >= 0.99, "\(areas)")
    }
  }

  @Test func `other tasks are compared by what circuits do`() throws {
    let outcome = try run(
      "compare", "induction-tiny", "--method", "eap,acdc", "--count", "20", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let record = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    let tasks = try #require(record["tasks"] as? [[String: Any]])
    let outcomes = try #require(tasks[0]["outcomes"] as? [[String: Any]])
    for outcome in outcomes {
      let areas = try #require(outcome["areas"] as? [String: Double])
      #expect((areas["CPR"] ?? 0) > 0.9 && (areas["CMD"] ?? 1) < 0.1, "\(areas)")
    }
  }

  @Test func `exact patching looks at chosen edges only`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "eap").path
      #expect(try run("discover", "--edges", "5", "--output", path).status == 0)
      let outcome = try run(
        "discover", "--method", "exact:among=\(path)", "--edges", "9", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let record = try #require(
        try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      let scores = try #require(record["circuit"] as? [[String: Any]]).compactMap {
        $0["score"] as? Double
      }
      #expect(scores.count { $0 != 0 } == 5)
      #expect(try run("discover", "--method", "eap:among=\(path)").status == 64)
    }
  }

  @Test func `stability patches the edges that the run patched`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let discover = { (edges: String) in
        try run("discover", "--count", "20", "--edges", edges, "--output", path)
      }
      #expect(try discover("5").status == 0)
      let found = try run(
        "discover", "--method", "exact:among=run", "--count", "20", "--edges", "3",
        "--output", "exact", in: directory)
      #expect(found.status == 0, "\(found.errors)")
      let exact = directory.appending(path: "exact").path
      // From another working directory. Patching all edges would be too much to be done unasked.
      let outcome = try run("evaluate", exact, "--draws", "2")
      #expect(outcome.status == 0 && outcome.output.contains("Jaccard index"), "\(outcome)")
      try FileManager.default.removeItem(atPath: path)
      let without = try run("evaluate", exact, "--draws", "2")
      #expect(without.status == 0 && without.errors.contains("stability is left out"))
      #expect(try discover("4").status == 0)
      let other = try run("evaluate", exact, "--draws", "2", "--measures", "stability")
      #expect(other.status == 1 && other.errors.contains("not the file that the run read"))
    }
  }

  @Test func `a task that the model cannot do is warned of with its numbers`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "impossible.jsonl")
      let lines = (0..<4).map {
        "{\"clean\": [1, 2, 3], \"corrupted\": [4, 2, 3], \"answers\": [\($0 + 10)], \"wrong_answers\": [2]}"
      }
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      let outcome = try run("discover", "--task", file.path)
      #expect(outcome.status == 0)
      #expect(outcome.errors.contains("warning: induction-tiny prefers a right answer on only"))
      #expect(outcome.errors.contains("3 prompts"))
    }
  }

  @Test(arguments: [
    (["compare", "planted-ro"], 1, "did you mean planted-or"),
    (["compare", "--method", "eap,acd"], 64, "did you mean acdc"),
    (["compare", "planted-or", "--task", "iio"], 1, "did you mean ioi"),
    (["compare", "--method", "acdc:tau=0.1/x"], 64, "should be one or several positive numbers"),
    (["compare", "--method", "eap,acdc:tau=-1"], 64, "found \"-1\""),
    (["discover", "--method", "acdc:tau=nan"], 64, "The option tau of acdc should be"),
    (["discover", "--method", "acdc:taw=1"], 64, "did you mean tau?"),
    (["discover", "--method", "eap:steps=1"], 64, "The method eap has no options"),
    (["discover", "--method", "acdc:tau=1:tau=2"], 64, "should be one value"),
    (
      ["discover", "--method", "sp:sparsity=-1"], 64,
      "sparsity of sp should be a number of 0 or more"
    ),
    (["compare", "--method", "eap", "--metric", "odd"], 1, "There is no metric \"odd\""),
  ])
  func `bad input gives one clear sentence`(arguments: [String], status: Int32, says: String) throws
  {
    let outcome = try run(arguments)
    #expect(outcome.status == status && outcome.errors.contains(says), "\(outcome)")
    #expect(outcome.output.isEmpty)
  }
}
