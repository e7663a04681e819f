import Files
import Foundation
import Graphs
import TestSupport
import Testing

/// What others ask for is written, and reads back as the same.
@Suite struct ExportTests {
  private func read(_ directory: URL, _ name: String) throws -> CircuitFile.Contents {
    try CircuitFile.read(directory.appending(path: name), for: [])
  }

  @Test func `importances read back as the run's scores and circuit`() throws {
    try withRun(edges: 7) { _, directory in
      let planted = try run(
        "discover", "planted-copy", "--count", "5", "--edges", "3", "--output", "planted",
        in: directory)
      #expect(planted.status == 0)
      let outcome = try run("export", "mib", "run", "planted", "--output", "mib", in: directory)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let folders = try FileManager.default.contentsOfDirectory(
        atPath: directory.appending(path: "mib").path)
      #expect(folders.sorted() == ["induction_induction-tiny", "planted-copy_planted-copy"])
      for (folder, source) in zip(folders.sorted(), ["run", "planted"]) {
        let found = try read(directory, "mib/\(folder)/importances.json")
        let scores = try EdgeScores(
          safetensors: directory.appending(path: "\(source)/scores.safetensors"))
        #expect(found.scores == scores && found.format == "EAP-IG")
        #expect(try found.circuit == read(directory, "\(source)/circuit.json").circuit)
      }
    }
  }

  @Test(arguments: ["top", "greedy"]) func `nine circuits grow and keep to their sizes`(
    order: String
  ) throws {
    try withRun { _, directory in
      let outcome = try run(
        "export", "mib", "run", "--circuits", "--ranking", "signed", "--order", order, "--names",
        "ioi_gpt2", "--output", "mib", in: directory)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let scores = try #require(
        try EdgeScores(safetensors: directory.appending(path: "run/scores.safetensors")))
      var smaller = scores.circuit(edgeCount: 0)
      for percent in [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50] {
        let name = percent < 1 ? "\(percent)" : "\(Int(percent))"
        let found = try #require(
          try read(directory, "mib/ioi_gpt2/circuit_\(name).json").circuit)
        #expect(Double(found.edgeCount) <= percent / 100 * Double(scores.graph.edgeCount))
        #expect(
          found
            == scores.circuit(
              CircuitSelection(
                .fraction(percent / 100), ranking: .signed,
                order: order == "top" ? .top : .greedy)))
        #expect(smaller.subtracting(found).edgeCount == 0)
        smaller = found
      }
      #expect(smaller.edgeCount == 75)
      let files = try FileManager.default.contentsOfDirectory(
        atPath: directory.appending(path: "mib/ioi_gpt2").path)
      #expect(files.count == 9)
    }
  }

  @Test func `what the benchmark has no place for is said`() throws {
    try withRun { _, directory in
      let twice = try run("export", "mib", "run", "run", "--output", "mib", in: directory)
      #expect(twice.status == 1 && twice.errors.contains("--names"), "\(twice)")
      let file = try run(
        "export", "mib", "run/scores.safetensors", "--output", "mib", in: directory)
      #expect(file.status == 1 && file.errors.contains("does not say its task and model"))
      let odd = try run(
        "export", "mib", "run", "--names", "../x", "--output", "mib", in: directory)
      #expect(odd.status == 1 && odd.errors.contains("found \"../x\""))
      let few = try run("export", "mib", "run", "--names", "a,b", "--output", "mib", in: directory)
      #expect(few.status == 1 && few.errors.contains("a name for each of 1 run, found 2"))
      #expect(try run("export", "mib", "run", in: directory).status == 64)
      let grouped = try run(
        "discover", fixtures.appending(path: "llama").path, "--group-key-values", "--count", "5",
        "--edges", "3", "--output", "grouped", in: directory)
      #expect(grouped.status == 0, "\(grouped.errors)")
      let keys = try run("export", "mib", "grouped", "--output", "mib", in: directory)
      #expect(keys.status == 1 && keys.errors.contains("--group-key-values"), "\(keys)")
      #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "mib").path))
    }
  }
}
