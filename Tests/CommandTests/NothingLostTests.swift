import Foundation
import TestSupport
import Testing

/// What is there is never lost, and what cannot be written is said.
@Suite struct NothingLostTests {
  private static func long(count: Int = 3000) -> [String] {
    ["--method", "exact", "--count", "\(count)", "--resume-seconds", "0", "--quiet"]
  }

  /// Starts a run that takes long and waits until it keeps states.
  private func startLong(_ path: String, count: Int = 3000) throws -> Process {
    let process = try start(["discover", "--output", path] + Self.long(count: count))
    while !FileManager.default.fileExists(atPath: path + ".resume"), process.isRunning {
      Thread.sleep(forTimeInterval: 0.01)
    }
    return process
  }

  private func contents(_ directory: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
  }

  @Test func `what has appeared at the output stays, and the run is beside it`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let process = try startLong(path, count: 600)
      try Data("mine".utf8).write(to: URL(filePath: path).appending(path: "notes.txt"))
      process.waitUntilExit()
      #expect(process.terminationStatus == 1)
      #expect(try contents(URL(filePath: path)) == ["notes.txt"])
      #expect(try contents(directory).contains("run.1"))
      #expect(try contents(directory.appending(path: "run.1")).contains("run.json"))
    }
  }

  @Test func `two runs into one directory are one result and one refusal`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let first = try startLong(path)
      let second = try run("discover", "--output", path, "--edges", "3")
      #expect(second.status == 1 && second.errors.contains("another run is going to write there"))
      // Another path to the same directory is the same.
      try FileManager.default.createSymbolicLink(
        atPath: directory.appending(path: "link").path, withDestinationPath: path)
      let third = try run(
        "discover", "--output", directory.appending(path: "link").path, "--edges", "3")
      #expect(third.status == 1 && third.errors.contains("another run"))
      kill(first.processIdentifier, SIGKILL)
      first.waitUntilExit()
      // The lock ends with the process that held it.
      let again = try run(["discover", "--output", path, "--resume"] + Self.long())
      #expect(again.status == 0, "\(again.errors)")
      #expect(try contents(directory) == ["link", "run"])
    }
  }

  @Test(arguments: [SIGHUP, SIGINT, SIGQUIT, SIGTERM])
  func `a signal leaves nothing but the state`(number: Int32) throws {
    try withTemporaryDirectory { directory in
      let process = try startLong(directory.appending(path: "a/b/run").path)
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 128 + number)
      #expect(try contents(directory.appending(path: "a/b")) == ["run.resume"])
    }
  }

  @Test func `a run that fails leaves no directory`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "a/b/run").path
      #expect(try run("discover", "--output", path, "--task", "no-such-task").status == 1)
      #expect(try run("discover", "--output", path, "--dry-run").status == 0)
      let left = try contents(directory)
      #expect(left.isEmpty)
    }
  }

  @Test func `an output that cannot be is refused at once`() throws {
    try withTemporaryDirectory { directory in
      let (link, file) = (directory.appending(path: "link"), directory.appending(path: "file"))
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: directory.appending(path: "nothing").path)
      try Data().write(to: file)
      for (path, says) in [
        (link.path, "this link leads nowhere"), (file.path, "is not an empty directory"),
        (file.path + "/run", "a part of the path is not a directory"),
        (directory.path + "/" + String(repeating: "n", count: 250), "the name is too long"),
        (directory.path + "/" + String(repeating: "n", count: 300), "the name is too long"),
      ] {
        let outcome = try run("discover", "--output", path)
        #expect(outcome.status == 1 && outcome.errors.contains(says), "\(outcome)")
        #expect(outcome.output.isEmpty && outcome.errors.utf8.count < 800)
      }
      #expect(try contents(directory) == ["file", "link"])
    }
  }

  @Test func `a directory by way of a link is filled where it is`() throws {
    try withTemporaryDirectory { directory in
      let (link, there) = (directory.appending(path: "link"), directory.appending(path: "there"))
      try FileManager.default.createDirectory(at: there, withIntermediateDirectories: false)
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: there.path)
      #expect(try run("discover", "--output", link.path, "--edges", "3").status == 0)
      #expect(try contents(there).contains("run.json"))
    }
  }

  @Test func `what cannot be printed is an error`() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let process = command(["tasks"])
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1 && text.contains("the disk is full"), "\(text)")
  }

  @Test func `a pipe as a task says what it is`() throws {
    try withTemporaryDirectory { directory in
      let pipe = directory.appending(path: "pipe.jsonl").path
      #expect(unsafe mkfifo(pipe, 0o600) == 0)
      for (task, says) in [
        (pipe, "it is a pipe or a device; save what comes out of it"),
        ("/dev/null", "it is a pipe or a device"), (directory.path, "it is a directory"),
      ] {
        let outcome = try run("discover", "--task", task)
        #expect(outcome.status == 1 && outcome.errors.contains(says), "\(outcome)")
      }
    }
  }

  @Test(arguments: ["~", "-m", "~root"]) func `a name is what it is`(name: String) throws {
    try withTemporaryDirectory { directory in
      try FileManager.default.copyItem(
        at: fixtures.appending(path: "gpt2"), to: URL(filePath: directory.path + "/" + name))
      let outcome = try run("inspect", "--", name, in: directory)
      #expect(outcome.status == 0 && outcome.output.contains("2 × 3"), "\(outcome)")
      #expect(outcome.output.contains(name))
    }
  }

  @Test func `numbers of a record that no run has are refused`() throws {
    try withRun { path, _ in
      let file = URL(filePath: path).appending(path: "run.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      for (old, new, says) in [
        (#""count" : 20"#, #""count" : -20"#, "from 1 to 1000000, found -20"),
        (#""holdout" : 0.3"#, #""holdout" : 1e300"#, "from 0 to less than 1"),
        (#""holdout" : 0.3"#, #""holdout" : -5"#, "from 0 to less than 1"),
        ("\"edges\" : 3\n      }", "\"edges\" : -3\n      }", "should be 0 or more, found -3"),
      ] {
        #expect(text.contains(old), "\(text)")
        try Data(text.replacing(old, with: new).utf8).write(to: file)
        for command in [["evaluate", path], ["select", path, "--edges", "2"]] {
          let outcome = try run(command)
          #expect(outcome.status == 1 && outcome.errors.contains(says), "\(new): \(outcome)")
        }
      }
    }
  }

  @Test func `a state that was changed is refused`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "run").path
      let process = try startLong(path)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let file = URL(filePath: path + ".resume")
      var json = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      let state = try #require(Data(base64Encoded: json["state"] as? String ?? ""))
      let text = String(decoding: state, as: UTF8.self)
      #expect(text.contains("\"batch\":0"))
      json["state"] = Data(text.replacing("\"batch\":0", with: "\"batch\":1").utf8)
        .base64EncodedString()
      try JSONSerialization.data(withJSONObject: json).write(to: file)
      let outcome = try run(["discover", "--output", path, "--resume"] + Self.long())
      #expect(outcome.status == 1 && outcome.errors.contains("expected the state"), "\(outcome)")
    }
  }
}
