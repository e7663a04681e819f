import Foundation
import Tensors
import TestSupport
import Testing

/// Long runs that are killed and go on.
@Suite struct ResumeTests {
  private static let discoveries = [
    "acdc": ["acdc:tau=0.0001/0.001/0.01/0.1", "300"], "sp": ["sp-edges:steps=150", "50"],
    "exact": ["exact", "400"], "activations": ["eap-ig-activations:steps=10", "100"],
  ].merging(leastKills > 1 ? masks : [:]) { $1 }

  /// All else that is trained.
  private static let masks = [
    "edge-pruning", "ugs", "hcgs", "mattr", "discogp", "ibcircuit",
  ].reduce(into: [:]) { $0[$1] = ["\($1):steps=40", "20"] }

  private static let runs = discoveries.mapValues {
    ["discover", "--method", $0[0], "--count", $0[1]]
  }.merging([
    "constants": ["constants", "--model", "induction-tiny", "--steps", "80", "--count", "50"]
  ]) { $1 }

  /// How often a run of each kind is killed at least: often where `EDGEWISE_KILLS` says so.
  private static let leastKills =
    ProcessInfo.processInfo.environment["EDGEWISE_KILLS"].flatMap { Int($0) } ?? 1

  /// Kills the command again and again until it ends by itself; returns how often it was killed.
  private func persist(_ arguments: [String], _ generator: inout SeededGenerator) throws -> Int {
    for kills in 0..<60 {
      let process = try start(arguments + ["--resume", "--quiet"])
      // Later and later, so that every run gets somewhere.
      let growth = pow(1.15, Double(kills))
      Thread.sleep(forTimeInterval: growth * Double.random(in: 0.02...0.1, using: &generator))
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      if process.terminationReason == .exit {
        #expect(process.terminationStatus == 0)
        return kills
      }
    }
    Issue.record("the run did not end")
    return 0
  }

  @Test(arguments: runs.keys.sorted())
  func `killed at random moments, a run ends in the same bytes`(name: String) throws {
    try withTemporaryDirectory { directory in
      let options = try #require(Self.runs[name])
      let whole = directory.appending(path: "whole").path
      #expect(try run(options + ["--output", whole]).status == 0)
      let files = try FileManager.default.contentsOfDirectory(atPath: whole)
      #expect(files.count > 1)
      let parts = directory.appending(path: "parts").path
      var generator = SeededGenerator(seed: 0)
      var kills = 0
      repeat {
        try? FileManager.default.removeItem(atPath: parts)
        let some = try persist(
          options + ["--output", parts, "--resume-seconds", "0"], &generator)
        #expect(some > 0)
        kills += max(some, 1)
        for file in files where file != "run.json" {
          let bytes = try [whole, parts].map {
            try Data(contentsOf: URL(filePath: $0).appending(path: file))
          }
          #expect(bytes[0] == bytes[1], "\(file) after \(kills) kills")
        }
        // Nothing is left beside the two runs.
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(left.sorted() == ["parts", "whole"])
      } while kills < Self.leastKills
    }
  }

  @Test func `killed at random moments, a coupled discovery ends in the same bytes`() throws {
    try withTemporaryDirectory { directory in
      let options = [
        "discover", "--task", "induction,induction", "--couple", "0,0.3", "--method", "exact",
        "--count", "60", "--edges", "5",
      ]
      let whole = directory.appending(path: "whole").path
      #expect(try run(options + ["--output", whole]).status == 0)
      let parts = directory.appending(path: "parts").path
      var generator = SeededGenerator(seed: 0)
      let kills = try persist(
        options + ["--output", parts, "--resume-seconds", "0"], &generator)
      #expect(kills > 0)
      for file in [
        "coupling.csv", "within-0/core.json", "within-0/induction/scores.safetensors",
        "within-0.3/induction-2/circuit.json", "coupling.json",
      ] {
        let bytes = try [whole, parts].map {
          try Data(contentsOf: URL(filePath: $0).appending(path: file))
        }
        #expect(bytes[0] == bytes[1], "\(file) after \(kills) kills")
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(left.sorted() == ["parts", "whole"])
    }
  }

  @Test func `killed at random moments, a verification ends in the same bytes`() throws {
    try withRun(edges: 10) { scored, directory in
      let options = [
        "verify", scored, "--count", "300", "--budget", "60", "--strategy", "cnml", "--truth",
        "exhaustive",
      ]
      let whole = directory.appending(path: "whole").path
      let first = try run(options + ["--output", whole])
      #expect(first.status == 0, "\(first.errors)")
      let parts = directory.appending(path: "parts").path
      var generator = SeededGenerator(seed: 0)
      let kills = try persist(options + ["--output", parts, "--resume-seconds", "0"], &generator)
      #expect(kills > 0)
      for file in try FileManager.default.contentsOfDirectory(atPath: whole) {
        let bytes = try [whole, parts].map {
          try Data(contentsOf: URL(filePath: $0).appending(path: file))
        }
        #expect(bytes[0] == bytes[1], "\(file) after \(kills) kills")
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(left.sorted() == ["parts", "run", "whole"])
    }
  }

  @Test func `an interrupted run says how to go on`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let process = try start([
        "discover", "--method", "exact", "--count", "5000", "--output", path,
        "--resume-seconds", "0",
      ])
      while !FileManager.default.fileExists(atPath: path + ".resume"), process.isRunning {
        Thread.sleep(forTimeInterval: 0.01)
      }
      Thread.sleep(forTimeInterval: 0.1)
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130)
      #expect(FileManager.default.fileExists(atPath: path + ".resume"))
    }
  }

  @Test func `a state of another run is refused by name`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let state = URL(filePath: path + ".resume")
      let arguments = { (tau: String) in
        ["discover", "--method", "acdc:tau=\(tau)", "--output", path]
      }
      let process = try start(
        arguments("0.01") + ["--count", "3000", "--resume-seconds", "0"])
      while !FileManager.default.fileExists(atPath: state.path), process.isRunning {
        Thread.sleep(forTimeInterval: 0.01)
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let again = try run(arguments("0.01") + ["--count", "3000"])
      #expect(again.status == 1 && again.errors.contains("add --resume to go on"))
      let other = try run(arguments("0.02") + ["--count", "3000", "--resume"])
      // Before anything is run.
      #expect(other.status == 1 && other.output.isEmpty)
      #expect(other.errors.contains("its method is acdc:tau=0.01, here it is acdc:tau=0.02"))
      let fewer = try run(arguments("0.01") + ["--count", "5", "--resume"])
      #expect(fewer.status == 1 && fewer.errors.contains("its task is"))
      try Data("{}".utf8).write(to: state)
      let broken = try run(arguments("0.01") + ["--resume"])
      #expect(broken.status == 1 && broken.errors.contains("delete the file to start anew"))
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test(arguments: ["exact:among=", "mattr:steps=9999:init="])
  func `a state of other edges or scores to begin with is refused`(method: String) throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let source = directory.appending(path: "source").path
      #expect(try run("discover", "--edges", "100", "--output", source).status == 0)
      let arguments = [
        "discover", "--method", method + source, "--count", "3000", "--output", path,
      ]
      let process = try start(arguments + ["--resume-seconds", "0"])
      while !FileManager.default.fileExists(atPath: path + ".resume"), process.isRunning {
        Thread.sleep(forTimeInterval: 0.01)
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      try FileManager.default.removeItem(atPath: source)
      #expect(
        try run("discover", "--edges", "90", "--seed", "7", "--output", source).status == 0)
      let other = try run(arguments + ["--resume"])
      #expect(other.status == 1 && other.errors.contains("its file of edges is"), "\(other)")
    }
  }

  private struct Comparison: Decodable {
    struct Task: Decodable {
      struct Outcome: Decodable, Equatable {
        let method: String
        let areas: [String: Double]?
        let curves: [String: [[Double]]]?
      }
      let name: String
      let outcomes: [Outcome]
    }
    let tasks: [Task]

    init(_ directory: String) throws {
      let file = URL(filePath: directory).appending(path: "comparison.json")
      self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
    }
  }

  private struct Kept: Decodable { let state: Data }

  private static let compared = [
    "compare", "planted-or", "induction-tiny", "--method", "eap,exact,acdc:tau=0.001/0.01/0.1",
    "--count", "40",
  ]

  @Test func `killed at random moments, a comparison finds the same`() throws {
    try withTemporaryDirectory { directory in
      let whole = directory.appending(path: "whole").path
      #expect(try run(Self.compared + ["--output", whole]).status == 0)
      let parts = directory.appending(path: "parts").path
      var generator = SeededGenerator(seed: 0)
      let kills = try persist(
        Self.compared + ["--output", parts, "--resume-seconds", "0"], &generator)
      #expect(kills > 0)
      let (one, other) = (try Comparison(whole), try Comparison(parts))
      #expect(one.tasks.map(\.name) == other.tasks.map(\.name))
      #expect(one.tasks.map(\.outcomes) == other.tasks.map(\.outcomes), "after \(kills) kills")
      #expect(!FileManager.default.fileExists(atPath: parts + ".resume"))
    }
  }

  /// Stops a comparison some seconds after its first method is done; returns its status.
  private func stop(
    _ arguments: [String], at path: String, by signal: Int32, after seconds: Double
  ) throws -> Int32 {
    let process = try start(arguments + ["--resume-seconds", "0"])
    let isOneDone = {
      let data = try? Data(contentsOf: URL(filePath: path + ".resume"))
      let kept = data.flatMap { try? JSONDecoder().decode(Kept.self, from: $0) }
      return kept.map { String(decoding: $0.state, as: UTF8.self).contains("\"0 0\":") } ?? false
    }
    while !isOneDone(), process.isRunning { Thread.sleep(forTimeInterval: 0.01) }
    Thread.sleep(forTimeInterval: seconds)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test func `what is done takes no memory when a comparison goes on`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let arguments = { (methods: String, path: String) in
        ["compare", "induction-tiny", "--method", methods, "--count", "8", "--output", path]
      }
      let (large, small) = ("acdc:tau=0.1", "eap-ig:steps=100")
      let tight = ["--memory", "400K"]
      let both = arguments("\(large),\(small)", path)
      #expect(try stop(both, at: path, by: SIGKILL, after: 0) == SIGKILL)
      let anew = try run(arguments("\(small),\(large)", path + "-anew") + tight)
      #expect(anew.status == 1 && anew.errors.contains("--memory allows"), "\(anew)")
      let on = try run(both + tight + ["--resume"])
      #expect(on.status == 0, "\(on.errors)")
      #expect(try Comparison(path).tasks[0].outcomes.allSatisfy { $0.areas != nil })
    }
  }

  /// What is done is there at once, what is not is left empty, and the run goes on from there.
  @Test func `an interrupted comparison writes what is done`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let arguments = [
        "compare", "planted-or", "--method", "eap,exact", "--count", "300", "--output", path,
      ]
      #expect(try stop(arguments, at: path, by: SIGINT, after: 0.2) == 130)
      let outcomes = try Comparison(path).tasks[0].outcomes
      #expect(outcomes.map(\.method) == ["eap", "exact"])
      #expect(outcomes[0].areas != nil && outcomes[1].areas == nil)
      let again = try run(arguments)
      #expect(again.status == 1 && again.errors.contains("not an empty directory"))
      let fewer = try run(
        ["compare", "planted-or", "--method", "eap", "--output", path, "--resume"])
      #expect(fewer.status == 1 && fewer.errors.contains("its count is 300, here it is 100"))
      #expect(try run(arguments + ["--resume"]).status == 0)
      #expect(try Comparison(path).tasks[0].outcomes.allSatisfy { $0.areas != nil })
    }
  }
}
