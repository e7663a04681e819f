import Engine
import Evaluation
import Foundation
import Reports
import Tasks

/// The files of a run's directory that hold the pairs of its task's file.
private enum PromptFile {
  /// Those that edges were scored on.
  static let found = "prompts.jsonl"
  /// Those that were held out.
  static let heldOut = "held-out.jsonl"
}

extension Discovery {
  /// The prompts of the run by file name: as JSONL, which is also a task file where answers are read at the last token,
  /// and what the metric is of each.
  func promptFiles() throws -> [String: String] {
    var files = [PromptFile.found: try lines(task.pairs), "prompts.csv": promptValues]
    if !heldOut.isEmpty { files[PromptFile.heldOut] = try lines(heldOut) }
    return files
  }

  private func lines(_ pairs: [PromptPair]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try pairs.map { pair in
      let record = PromptRecord(pair, loaded.model.tokenizer)
      return String(decoding: try encoder.encode(record), as: UTF8.self) + "\n"
    }.joined()
  }

  /// The metric of each prompt that edges were scored on as CSV: full model, circuit and empty circuit.
  private var promptValues: String {
    let found = report.measured.inSample ?? report.faithfulness
    return "prompt,full,circuit,empty\n"
      + found.full.values.indices.map { index in
        "\(index + 1),"
          + [found.full, found.circuit, found.empty].map { Numbers.exact($0.values[index]) }
          .joined(separator: ",") + "\n"
      }.joined()
  }
}

extension FinishedRun {
  /// The pairs of its task's file as the run kept them, wherever that file is now and whatever became of it.
  ///
  /// - Parameter loaded: The model whose tokens are used.
  /// - Returns: The pairs; nil for a built-in task, which makes them again, and for another model than the run's, whose
  ///   tokens mean something else.
  /// - Throws: `TaskError` when what was kept is no task.
  func keptPairs(for loaded: LoadedModel) throws -> FilePairs? {
    let pairs = { (name: String) throws -> [PromptPair]? in
      let file = directory.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path) else { return nil }
      return try TaskFile.read(file, model: loaded.model).pairs
    }
    guard files.task != nil, loaded.files == files.model, let found = try pairs(PromptFile.found)
    else { return nil }
    return FilePairs(
      found: found, heldOut: try pairs(PromptFile.heldOut) ?? [], leftOutCount: leftOutCount)
  }
}
