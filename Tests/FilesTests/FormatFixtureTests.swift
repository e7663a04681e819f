import Files
import Foundation
import TestSupport
import Tensors
import Testing

/// Files that other programs wrote hold the numbers that those programs read.
@Suite struct FormatFixtureTests {
  private let folder = fixtures.appending(path: "formats")

  /// Made with the gguf package by Scripts/fixtures/make_quantised.py.
  @Test func `quantised blocks are decoded as the reference decodes them`() throws {
    let file = try GGUF.read(folder.appending(path: "quantised.gguf"))
    let names = file.tensors.keys.filter { !$0.hasSuffix(".expected") }.sorted()
    let plain: Set<ElementFormat> = [.f64, .f32, .f16, .bf16]
    #expect(
      Set(names) == Set(ElementFormat.allCases.filter { !plain.contains($0) }.map(\.rawValue)))
    for name in names {
      let stored = try #require(file.tensors[name])
      #expect(stored.format == name)
      let expected = try file.read(
        name, #require(file.tensors[name + ".expected"])
      ).values()
      let found = try file.read(name, stored).values()
      #expect(found.count == 3 * 512 && found == expected, "\(name)")
    }
  }

  /// Made with PyTorch by Scripts/fixtures/make_torch_files.py.
  @Test func `a state that PyTorch saved has PyTorch's numbers`() throws {
    let file = try TorchWeights.read(folder.appending(path: "state.bin"))
    let expected = try Safetensors.read(folder.appending(path: "state.safetensors"))
    #expect(file.tensors.keys.sorted() == expected.tensors.keys.sorted())
    for (name, stored) in file.tensors {
      let other = try #require(expected.tensors[name])
      #expect(try file.read(name, stored) == expected.read(name, other), "\(name)")
    }
  }

  @Test func `PyTorch's old format is named`() {
    let error = #expect(throws: CheckpointError.self) {
      try TorchWeights.read(folder.appending(path: "old.bin"))
    }
    #expect(error?.description.contains("that of versions before 1.6") ?? false)
  }
}
