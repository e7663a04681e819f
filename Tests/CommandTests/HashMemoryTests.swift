import Foundation
import Testing
import TestSupport

/// The hashes of a model's files, which are remembered.
@Suite struct HashMemoryTests {
  /// A model with one large file, and a cache of its own.
  private struct Case {
    let model: URL
    let cache: URL
    var file: URL { model.appending(path: "notes.txt") }
    var memory: URL { cache.appending(path: "hashes.json") }

    init(in directory: URL) throws {
      model = directory.appending(path: "model")
      cache = directory.appending(path: "cache")
      try FileManager.default.copyItem(at: fixtures.appending(path: "gpt2"), to: model)
    }

    /// Fills the large file with a letter, as if that had been done some seconds ago.
    func write(_ letter: String, secondsAgo: Double, count: Int = 5 << 20) throws {
      try Data(String(repeating: letter, count: count).utf8).write(to: file)
      // Whole seconds, so that the same date can be set again.
      let date = Date(timeIntervalSince1970: 1_700_000_000 - secondsAgo)
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
    }

    /// The hash of the large file that a run states.
    func hash(_ arguments: String...) throws -> String {
      struct Record: Decodable {
        struct Files: Decodable { let model: [String: String] }
        let files: Files
      }
      let outcome = try run(
        ["discover", model.path, "--count", "3", "--json"] + arguments,
        environment: ["EDGEWISE_CACHE": cache.path])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let record = try JSONDecoder().decode(Record.self, from: Data(outcome.output.utf8))
      return try #require(record.files.model["notes.txt"])
    }
  }

  @Test func `a file of another date or size is hashed anew`() throws {
    try withTemporaryDirectory { directory in
      let model = try Case(in: directory)
      try model.write("a", secondsAgo: 100)
      let first = try model.hash()
      #expect(FileManager.default.fileExists(atPath: model.memory.path))
      #expect(try model.hash() == first)
      try model.write("b", secondsAgo: 50)
      let second = try model.hash()
      #expect(second != first)
      try model.write("a", secondsAgo: 100)
      #expect(try model.hash() == first)
      // Longer, but of the date that it had.
      try model.write("a", secondsAgo: 100, count: 6 << 20)
      #expect(try ![first, second].contains(model.hash()))
      let longer = try FileHandle(forWritingTo: model.file)
      try longer.seekToEnd()
      try longer.write(contentsOf: Data("a".utf8))
      try longer.close()
      #expect(try ![first, second].contains(model.hash()))
    }
  }

  /// Its bytes could change once more without another date.
  @Test func `a file that was written only now is not remembered`() throws {
    try withTemporaryDirectory { directory in
      let model = try Case(in: directory)
      // A date ahead of the clock is as young, however long the run takes.
      try model.write("a", secondsAgo: -1_000_000_000)
      _ = try model.hash()
      #expect(!FileManager.default.fileExists(atPath: model.memory.path))
    }
  }

  @Test func `--verify notices bytes that changed while size and date stayed`() throws {
    try withTemporaryDirectory { directory in
      let model = try Case(in: directory)
      try model.write("a", secondsAgo: 100)
      let first = try model.hash()
      try model.write("b", secondsAgo: 100)
      #expect(try model.hash() == first)
      let second = try model.hash("--verify")
      #expect(second != first)
      #expect(try model.hash() == second)
    }
  }

  @Test(arguments: ["{", "[]", #"{"/odd": 3}"#])
  func `a broken memory does no harm`(text: String) throws {
    try withTemporaryDirectory { directory in
      let model = try Case(in: directory)
      try model.write("a", secondsAgo: 100)
      let hash = try model.hash()
      try Data(text.utf8).write(to: model.memory)
      #expect(try model.hash() == hash)
      // A cache that is no directory can be neither read nor written.
      try FileManager.default.removeItem(at: model.cache)
      try Data().write(to: model.cache)
      #expect(try model.hash() == hash)
    }
  }
}
