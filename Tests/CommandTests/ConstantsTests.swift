import Foundation
import TestSupport
import Testing

/// Constants that are learned, and what takes them.
@Suite struct ConstantsTests {
  private struct Record: Decodable {
    struct Row: Decodable {
      let before: Double
      let after: Double
    }
    let rows: [Row]
  }

  @Test func `constants of a run are taken wherever an ablation is`() throws {
    try withRun(edges: 40) { found, directory in
      let learned = directory.appending(path: "learned").path
      let outcome = try run("constants", found, "--steps", "40", "--output", learned)
      #expect(outcome.status == 0, "\(outcome)")
      let record = try JSONDecoder().decode(
        Record.self, from: Data(contentsOf: URL(filePath: learned + "/constants.json")))
      #expect(record.rows.count == 2)
      #expect(record.rows[0].after < record.rows[0].before)
      // So few prompts are learned by heart, which is said.
      let isWorse = record.rows[1].after > record.rows[1].before
      #expect(outcome.errors.contains("do worse than the means") == isWorse)
      let optimal = "optimal:" + learned
      let path = directory.appending(path: "second").path
      let commands = [
        ["discover", "--count", "20", "--edges", "9", "--ablation", optimal, "--output", path],
        ["evaluate", found, "--measures", "random", "--ablation", optimal],
        ["evaluate", path, "--measures", "random"],
        ["select", path, "--edges", "5"],
        ["robustness", found, "--ablation", "mean,\(optimal)"],
        ["ablate", "induction-tiny", "m0", "--count", "20", "--ablation", optimal],
        ["compare", "induction-tiny", "--method", "eap", "--count", "20", "--ablation", optimal],
      ]
      for command in commands {
        let outcome = try run(command)
        #expect(outcome.status == 0, "\(command) \(outcome)")
      }
      let text = try String(contentsOfFile: path + "/run.json", encoding: .utf8)
      #expect(text.contains("\"constants\" : {") && text.contains("\"ablation\" : \"optimal:/"))
      // Other constants under the same name are not those of the run.
      let again = try run(
        "constants", found, "--steps", "3", "--output", directory.appending(path: "other").path)
      #expect(again.status == 0)
      let file = "/constants.safetensors"
      try FileManager.default.removeItem(atPath: learned + file)
      try FileManager.default.copyItem(
        atPath: directory.appending(path: "other").path + file, toPath: learned + file)
      let changed = try run("evaluate", path)
      #expect(changed.status == 1 && changed.errors.contains("not the constants of the run"))
      let selected = try run("select", path, "--edges", "4")
      #expect(selected.status == 1 && selected.errors.contains("have changed"), "\(selected)")
    }
  }

  @Test func `random circuits need a model, and the same seed gives the same bytes`() throws {
    try withTemporaryDirectory { directory in
      let bytes = try ["a", "b"].map { name in
        let path = directory.appending(path: name).path
        let outcome = try run(
          "constants", "--model", "induction-tiny", "--count", "20", "--steps", "10", "--threads",
          name == "a" ? "1" : "2", "--output", path)
        #expect(outcome.status == 0, "\(outcome)")
        return try Data(contentsOf: URL(filePath: path + "/constants.safetensors"))
      }
      #expect(bytes[0] == bytes[1])
    }
    let without = try run("constants")
    #expect(without.status == 64 && without.errors.contains("Name a run"), "\(without)")
    let metric = try run("constants", "--model", "induction-tiny", "--metric", "accuracy")
    #expect(metric.status == 64 && metric.errors.contains("has a gradient"), "\(metric)")
    let steps = try run("constants", "--model", "induction-tiny", "--steps", "0")
    #expect(steps.status == 64 && steps.errors.contains("from 1 to 1000000"), "\(steps)")
    let missing = try run("discover", "--ablation", "optimal:nowhere")
    #expect(missing.status == 1 && missing.errors.contains("no such file"), "\(missing)")
    let empty = try run("discover", "--ablation", "optimal:")
    #expect(empty.status == 64 && empty.errors.contains("optimal:FILE"), "\(empty)")
  }
}
