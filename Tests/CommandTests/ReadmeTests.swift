import Foundation
import TestSupport
import Testing

/// What the README shows is what is compiled and run, and the version says of what.
@Suite struct ReadmeTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  @Test func `the snippet is the example that CI runs`() throws {
    let snippets = try text("README.md").components(separatedBy: "```swift\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
    let program = try text("Examples/Quickstart/main.swift")
      .split(separator: "\n", omittingEmptySubsequences: false).drop { $0.hasPrefix("//") }
      .joined(separator: "\n")
    #expect(snippets == [program])
    #expect(try text(".ci/run").contains(" Quickstart"))
  }

  @Test func `the version has the commit, in git`() throws {
    let version = try run("--version").output.trimmingCharacters(in: .newlines)
    let isCheckout = FileManager.default.fileExists(atPath: root.appending(path: ".git").path)
    let commit = isCheckout ? #" \([0-9a-f]{9,}(, changed)?\)"# : ""
    let expected = #"^[0-9]+\.[0-9]+\.[0-9]+"# + commit + "$"
    #expect(version.range(of: expected, options: .regularExpression) != nil, "\(version)")
  }

  /// Elsewhere, as in an unpacked archive, there is none, and that is no error.
  @Test func `outside of git there is no commit`() throws {
    try withTemporaryDirectory { directory in
      let scripts = directory.appending(path: "Scripts")
      try FileManager.default.createDirectory(at: scripts, withIntermediateDirectories: true)
      let script = scripts.appending(path: "commit.sh")
      try FileManager.default.copyItem(at: root.appending(path: "Scripts/commit.sh"), to: script)
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = [script.path, directory.appending(path: "out").path]
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let text = try String(
        contentsOf: directory.appending(path: "out/Commit.swift"), encoding: .utf8)
      #expect(text.contains("String? = nil"))
    }
  }
}
