import Foundation
import TestSupport
import Testing

/// What a run of the command left.
struct Outcome {
  let status: Int32
  let output: String
  let errors: String
}

func command(_ arguments: [String]) -> Process {
  let process = Process()
  process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "edgewise")
  process.arguments = arguments
  return process
}

/// Starts the command and does not wait for it; what it says is lost.
func start(_ arguments: [String]) throws -> Process {
  let process = command(arguments)
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  try process.run()
  return process
}

/// Runs the command as a user would.
func run(
  _ arguments: String..., environment: [String: String] = [:], in directory: URL? = nil
) throws -> Outcome {
  try run(arguments, environment: environment, in: directory)
}

/// Runs the command as a user would.
func run(
  _ arguments: [String], environment: [String: String] = [:], in directory: URL? = nil
) throws -> Outcome {
  let process = command(arguments)
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  if let directory { process.currentDirectoryURL = directory }
  let (output, errors) = (Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  let problems = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return Outcome(
    status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
    errors: String(decoding: problems, as: UTF8.self))
}

/// Runs `discover` into a directory and hands over its path.
func withRun(
  edges: Int = 3, _ body: (_ run: String, _ directory: URL) throws -> Void
) throws {
  try withTemporaryDirectory { directory in
    let path = directory.appending(path: "run").path
    let outcome = try run("discover", "--count", "20", "--edges", "\(edges)", "--output", path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    try body(path, directory)
  }
}
