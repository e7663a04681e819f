import Foundation
import TestSupport
import Testing

/// What runs may take beside the weights, as every command that runs a model takes it.
@Suite struct MemoryTests {
  /// Arguments of every command with --memory, of which the last ends with a place for its output where it has one.
  private static func commands(_ run: String, _ output: URL) -> [[String]] {
    let into = ["--output", output.path]
    let measured = ["evaluate", run, "--measures", "stability", "--draws", "2"]
    let constants = ["constants", run, "--steps", "1"]
    let pair = ["--task", "induction,induction", "--couple", "0.3"]
    return [
      ["discover", "--count", "8", "--edges", "2"] + into,
      ["discover", "--count", "8", "--method", "acdc:tau=0.1"] + into,
      ["discover", "--count", "8"] + pair + into,
      ["select", run, "--edges", "2"] + into, measured + into, ["robustness", run] + into,
      constants + into, ["verify", run, "--budget", "3"] + into,
      ["compare", "induction-tiny", "--count", "8", "--method", "eap"] + into,
      ["ablate", "induction-tiny", "m0", "--count", "8"],
    ]
  }

  @Test func `every command refuses a run that there is no memory for, and leaves nothing`() throws
  {
    try withRun { path, directory in
      let output = directory.appending(path: "output")
      for arguments in Self.commands(path, output) {
        let outcome = try run(arguments + ["--memory", "1K"])
        #expect(outcome.status == 1 && outcome.output.isEmpty, "\(arguments): \(outcome)")
        let sentence = outcome.errors.split(separator: "\n").last ?? ""
        let need = sentence.firstMatch(of: /needs about ([\d,]+) MiB beside the weights/)
        #expect(need.map { $0.1 != "0" } == true, "\(arguments): \(outcome.errors)")
        #expect(sentence.contains("where --memory allows 0 MiB; take fewer or shorter prompts."))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["run"])
      }
    }
  }

  @Test func `what runs may take changes no command that has enough`() throws {
    try withRun { path, directory in
      let output = directory.appending(path: "output")
      for arguments in Self.commands(path, output) {
        let outcome = try run(arguments + ["--memory", "64M"])
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        try? FileManager.default.removeItem(at: output)
      }
    }
  }

  @Test func `a run's circuit is chosen and measured with less than scoring its edges took`() throws
  {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let arguments = ["discover", "--count", "8", "--method", "acdc:tau=0.1", "--output", path]
      #expect(try run(arguments).status == 0)
      let tight = ["--memory", "400K"]
      let scored = try run(["verify", path, "--budget", "3"] + tight)
      #expect(scored.status == 1 && scored.errors.contains("--memory allows"), "\(scored)")
      for arguments in [
        ["select", path, "--edges", "2"], ["evaluate", path, "--measures", "curve"],
      ] {
        let outcome = try run(arguments + tight)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
      }
      let stability = try run(["evaluate", path, "--measures", "stability"] + tight)
      #expect(stability.status == 1 && stability.errors.contains("--memory allows"), "\(stability)")
    }
  }
}
