import Foundation
import Testing

/// The modules import only what they may: nothing points up.
@Suite struct ArchitectureTests {
  static let allowed: [String: Set<String>] = [
    "Tensors": [
      "COneDNN", "CKernels", "CUDAKernels", "Accelerate", "Synchronization", "Foundation",
    ],
    "Hashing": ["CCrypto", "CryptoKit", "Foundation"],
    "Graphs": ["HeapModule"],
    "Hub": ["Files", "Graphs", "Hashing", "CCurl", "Foundation"],
    "Files": ["Graphs", "Tensors", "Foundation"],
    "Engine": ["Graphs", "Tensors"],
    "Models": ["Engine", "Files", "Graphs", "Tensors", "HeapModule", "Foundation"],
    "Tasks": ["Models", "Engine", "Files", "Graphs", "Tensors", "Foundation"],
    "Methods": ["Tasks", "Models", "Engine", "Files", "Graphs", "Tensors", "Foundation"],
    "Evaluation": ["Tasks", "Models", "Engine", "Graphs", "Tensors", "Foundation"],
    "Reports": ["Evaluation", "Graphs", "Foundation"],
    "Experiments": [
      "Reports", "Evaluation", "Methods", "Tasks", "Models", "Engine", "Hub", "Files", "Hashing",
      "Graphs", "Tensors", "Foundation", "Dispatch", "Synchronization",
    ],
    "Edgewise": [
      "Experiments", "Reports", "Evaluation", "Methods", "Tasks", "Models", "Engine", "Files",
      "Graphs", "Tensors",
    ],
    "EdgewiseCommand": ["Edgewise", "ArgumentParser", "Foundation"],
  ]

  private let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")

  private func files(_ module: String) throws -> [(name: String, lines: [Substring])] {
    let folder = sources.appending(path: module)
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return try paths.filter { $0.hasSuffix(".swift") }.map {
      let text = try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
      return ("\(module)/\($0)", text.split(separator: "\n", omittingEmptySubsequences: false))
    }
  }

  @Test(arguments: allowed.keys.sorted()) func `imports`(module: String) throws {
    let files = try files(module)
    #expect(!files.isEmpty)
    for file in files {
      for line in file.lines {
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(of: "import"), place <= 2, place + 1 < words.count,
          words[..<place].allSatisfy({
            ["public", "package", "internal", "@_exported"].contains($0)
          })
        else { continue }
        let name = String(words[place + 1])
        #expect(Self.allowed[module]?.contains(name) ?? false, "\(file.name) imports \(name)")
      }
    }
  }

  @Test func `every module is in the table`() throws {
    let modules = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    #expect(
      Set(modules)
        == Set(Self.allowed.keys).union(["COneDNN", "CKernels", "CUDAKernels", "CCrypto", "CCurl"]))
  }

  /// Raw memory is seen in the two modules that call C, and where libcurl is; elsewhere Swift's checks are never switched off.
  @Test(arguments: allowed.keys.filter { !["Tensors", "Hashing"].contains($0) }.sorted())
  func `no raw memory above the tensors`(module: String) throws {
    let exceptions = [
      // Foundation's test for a directory takes a pointer.
      "Models/Loading/Transformer+Loading.swift",
      // The one file that calls libcurl.
      "Hub/HTTPClient.swift",
      // So do the system's calls that Foundation has no words for.
      "Experiments/Running/SystemCalls.swift",
    ]
    for file in try files(module) where !exceptions.contains(file.name) {
      #expect(!file.lines.contains { $0.contains("unsafe ") }, "\(file.name)")
    }
  }

  @Test func `files stay small`() throws {
    for module in Self.allowed.keys.sorted() {
      for file in try files(module) {
        #expect(file.lines.count <= 400, "\(file.name) has \(file.lines.count) lines")
      }
    }
  }
}
