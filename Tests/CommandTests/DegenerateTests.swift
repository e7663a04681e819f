import Foundation
import TestSupport
import Testing

/// Prompts from which nothing, or less than it seems, can be told.
@Suite struct DegenerateTests {
  private let model = fixtures.appending(path: "gpt2").path
  private let cases = fixtures.appending(path: "cases/tasks")

  /// Words that no file of numbers holds.
  private func expectNumbers(_ directory: URL) throws {
    for file in try FileManager.default.contentsOfDirectory(
      at: directory, includingPropertiesForKeys: nil)
    where ["csv", "json", "jsonl", "svg"].contains(file.pathExtension) {
      let text = try String(contentsOf: file, encoding: .utf8)
      let words = text.split { !$0.isLetter && !$0.isNumber }.map { $0.lowercased() }
      #expect(
        !words.contains { ["nan", "inf", "infinity"].contains($0) }, "\(file.lastPathComponent)")
    }
  }

  private struct Record: Decodable { let notes: [String] }

  /// Every line that was said on stderr is in the record, too.
  private func expectKept(_ outcome: Outcome, _ record: URL) throws {
    let notes = try JSONDecoder().decode(Record.self, from: Data(contentsOf: record)).notes
    #expect(!notes.isEmpty)
    #expect(notes.joined(separator: "\n") + "\n" == outcome.errors)
  }

  @Test(arguments: [["--edges", "20"], [], ["--nodes", "2"]])
  func `no circuit is picked out of equal scores`(options: [String]) throws {
    try withTemporaryDirectory { directory in
      let task = directory.appending(path: "same.jsonl")
      let line =
        #"{"clean": [1, 2, 3], "corrupted": [1, 2, 3], "answers": [7], "wrong_answers": [8]}"#
      try Data(line.utf8).write(to: task)
      let path = directory.appending(path: "run")
      let outcome = try run(
        ["discover", model, "--task", task.path, "--output", path.path] + options)
      #expect(outcome.status == 0, "\(outcome)")
      #expect(
        outcome.errors.contains("the prompts of 1 of 1 pair do not differ"), "\(outcome.errors)")
      #expect(outcome.errors.contains("all edges score the same, so none is chosen"))
      let record = try String(contentsOf: path.appending(path: "run.json"), encoding: .utf8)
      #expect(record.contains("\"edges\" : 0,"))
      try expectKept(outcome, path.appending(path: "run.json"))
      try expectNumbers(path)
    }
  }

  @Test func `a pair that does not differ is counted and makes no ratio`() throws {
    try withTemporaryDirectory { directory in
      let (found, evaluated) = (directory.appending(path: "a"), directory.appending(path: "b"))
      let task = cases.appending(path: "ratio_blow_up.jsonl").path
      let outcome = try run(
        "discover", model, "--task", task, "--edges", "20", "--holdout", "0", "--output", found.path
      )
      #expect(outcome.errors.contains("the prompts of 1 of 4 pairs do not differ"), "\(outcome)")
      #expect(outcome.errors.contains("only 2 of 4 pairs are distinct"))
      let again = try run("evaluate", found.path, "--task", task, "--output", evaluated.path)
      #expect(again.status == 0 && again.errors.contains("1 of 4 pairs"), "\(again)")
      for directory in [found, evaluated] { try expectNumbers(directory) }
      try expectKept(outcome, found.appending(path: "run.json"))
      try expectKept(again, evaluated.appending(path: "evaluation.json"))
    }
  }

  @Test func `copies are said, and distinct pairs are not`() throws {
    let outcome = try run(
      "discover", model, "--task", cases.appending(path: "ids_gpt2.jsonl").path, "--edges", "5")
    #expect(outcome.status == 0 && !outcome.errors.contains("distinct"), "\(outcome)")
    #expect(!outcome.errors.contains("do not differ"))
  }

  @Test(.tags(.realModel), .enabled(if: RealModel.isThere))
  func `a space that is missing before answers is said`() throws {
    let task = cases.appending(path: "no_leading_space.jsonl").path
    let outcome = try run("discover", "smollm2-135m", "--task", task, "--edges", "5")
    #expect(outcome.errors.contains("as \" Mary\" is than \"Mary\""), "\(outcome)")
  }

  @Test func `a start token that a prompt spells is there once`() throws {
    let model = fixtures.appending(path: "cases/models/llama-double-bos").path
    let task = cases.appending(path: "prompt_with_bos.jsonl").path
    let outcome = try run("prompts", task, "--model", model, "--json")
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.errors.contains("1 pair spells the start token \"<|endoftext|>\""))
    #expect(outcome.output.components(separatedBy: "<|endoftext|>").count == 3)
  }

  @Test func `the first tokens of longer answers`() throws {
    try withTemporaryDirectory { directory in
      let task = directory.appending(path: "t.csv")
      let text = """
        clean,corrupted,answers,wrong_answers
        AB,AC,DE,FG
        AB,AD,DE,DF
        AB,ABC,D,E
        AB,AC,12,34
        AB,AC,D,E
        """
      try Data(text.utf8).write(to: task)
      let model = fixtures.appending(path: "cases/models/llama-double-bos").path
      let prompts = { (options: String...) in
        try run(["prompts", task.path, "--model", model] + options)
      }
      let refused = try prompts()
      #expect(refused.status == 1 && refused.errors.contains("\"DE\" is 2 tokens"), "\(refused)")
      let skipped = try prompts("--skip-unusable")
      #expect(
        skipped.errors.contains(
          "pairs were left out: 3 with an answer of several tokens, 1 of unequal lengths."),
        "\(skipped)")
      let first = try prompts("--skip-unusable", "--answers", "first-token")
      #expect(first.output.contains("3 pairs, 2 left out"), "\(first)")
      #expect(
        first.errors.contains(
          "1 in which right and wrong answers start with the same token, 1 of unequal lengths"))
      #expect(first.errors.contains("2 pairs have answers of several tokens, of which the first"))
      try Data("clean,corrupted,answers\nAB,AC,12".utf8).write(to: task)
      let digits = try prompts()
      #expect(digits.errors.contains("splits numbers into digits"), "\(digits)")
    }
  }
}
