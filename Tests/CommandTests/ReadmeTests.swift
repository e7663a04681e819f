import Foundation
import Testing

/// What the README shows is what is compiled and run.
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
}
