import Foundation
import TestSupport
import Testing

/// `discover --couple` as a user runs it.
@Suite struct CouplingTests {
  /// Two tasks: the built-in one, and a file of other prompts of it.
  private func withTasks(_ body: (_ tasks: String, _ directory: URL) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let other = directory.appending(path: "other")
      let made = try run(
        "discover", "--seed", "7", "--count", "30", "--edges", "3", "--output", other.path)
      #expect(made.status == 0, "\(made.errors)")
      let file = directory.appending(path: "other.jsonl")
      try FileManager.default.copyItem(at: other.appending(path: "prompts.jsonl"), to: file)
      try body("induction,\(file.path)", directory)
    }
  }

  private func bytes(_ directory: URL, _ path: String) throws -> Data {
    try Data(contentsOf: directory.appending(path: path))
  }

  private let options = ["--count", "20", "--method", "eap-ig", "--keep", "85%"]

  /// With no bond between them the tasks' runs are those of `discover`, byte by byte.
  @Test func `with room enough each task has its own run`() throws {
    try withTasks { tasks, directory in
      let path = directory.appending(path: "coupled")
      let outcome = try run(
        ["discover", "--task", tasks, "--couple", "inf", "--output", path.path] + options)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      for (task, name) in zip(tasks.split(separator: ","), ["induction", "other.jsonl"]) {
        let alone = directory.appending(path: "alone-\(name)")
        #expect(
          try run(["discover", "--task", String(task), "--output", alone.path] + options).status
            == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: alone.path).sorted()
        let run = path.appending(path: name)
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.path).sorted() == files)
        for file in files where file != "run.json" {
          #expect(try bytes(run, file) == bytes(alone, file), "\(name)/\(file)")
        }
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: path.path).sorted()
          == ["core.json", "coupling.json", "induction", "other.jsonl"])
    }
  }

  private struct Record: Decodable {
    struct Task: Decodable {
      let task: String
      let run: String
      let multiplier: Double
      let distance: Double
      let edges: Int
      let faithfulness: Double
      let isHeldOut: Bool
    }
    struct Round: Decodable {
      let radius: String
      let tasks: [Task]
      let core: [String]
    }
    let rounds: [Round]
  }

  @Test func `a sweep goes from consensus to independence`() throws {
    try withTasks { tasks, directory in
      let path = directory.appending(path: "coupled")
      let outcome = try run(
        "discover", "--task", tasks, "--couple", "0,0.0001,inf", "--count", "20", "--edges", "12",
        "--output", path.path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      let record = try JSONDecoder().decode(Record.self, from: bytes(path, "coupling.json"))
      #expect(record.rounds.map(\.radius) == ["0", "0.0001", "inf"])
      let (consensus, near, free) = (record.rounds[0], record.rounds[1], record.rounds[2])
      #expect(consensus.tasks.allSatisfy { $0.distance == 0 && $0.multiplier > 0 })
      #expect(consensus.core.count == 12)
      #expect(near.tasks.allSatisfy { $0.distance < 0.000100001 && $0.multiplier > 0 })
      #expect(free.tasks.allSatisfy { $0.multiplier == 0 && $0.distance > 0.0001 })
      for round in record.rounds {
        for task in round.tasks {
          #expect(task.edges == 12 && task.isHeldOut && task.faithfulness > 0.5)
          // A run's directory as any other, and the core a circuit as any other.
          let found = try run("inspect", path.appending(path: task.run).path)
          #expect(found.status == 0 && found.output.contains("circuit of 12 of 151 edges"))
        }
        let core = path.appending(path: "within-\(round.radius)/core.json").path
        let found = try run("inspect", core).output
        #expect(found.contains("circuit of \(round.core.count) of 151 edges"), "\(found)")
      }
      let rows = String(decoding: try bytes(path, "coupling.csv"), as: UTF8.self)
        .split(separator: "\n")
      #expect(rows.count == 7 && rows[1].hasPrefix("0,induction,12,12,"))
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.contains("within 0: 12 edges in every task's circuit"))
      let evaluated = try run("evaluate", path.appending(path: consensus.tasks[1].run).path)
      #expect(
        evaluated.status == 0 && evaluated.output.contains("coupled within 0 with induction"),
        "\(evaluated)")
      let selected = directory.appending(path: "selected")
      let chosen = try run(
        "select", path.appending(path: consensus.tasks[1].run).path, "--edges", "5", "--output",
        selected.path)
      #expect(chosen.status == 0, "\(chosen.errors)")
      #expect(
        String(decoding: try bytes(selected, "run.json"), as: UTF8.self).contains(
          "coupled within 0"))
    }
  }

  @Test func `what is no coupling is refused before anything is run`() throws {
    for (arguments, says) in [
      (["--couple", "0.1"], "two or more tasks with commas between them, found none"),
      (["--couple", "0.1", "--task", "induction"], "found induction"),
      (["--couple", "0.1,0.10", "--task", "induction,ioi"], "different numbers, found 0.1,0.1"),
      (["--couple", "-1", "--task", "induction,ioi"], "'-1' is invalid"),
      (["--couple", "nan", "--task", "induction,ioi"], "'nan' is invalid"),
    ] {
      let outcome = try run(["discover"] + arguments)
      #expect(outcome.status == 64 && outcome.output.isEmpty, "\(arguments)")
      #expect(outcome.errors.contains(says), "\(outcome.errors)")
    }
  }

  @Test func `a dry run says what all tasks take`() throws {
    let outcome = try run(
      "discover", "--task", "induction,induction", "--couple", "0.5", "--dry-run", "--method",
      "eap-ig:steps=4")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("12 forward passes, 8 backward passes"), "\(outcome.output)")
    #expect(
      outcome.output.contains(
        "eap-ig with steps 4, rule left, resample ablation, coupled within 0.5:"))
  }
}
