import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// `pytorch_model.bin`, and what pretends to be one.
@Suite struct TorchWeightsTests {
  private func read(_ data: Data) throws -> TensorFile {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "pytorch_model.bin")
      try data.write(to: url)
      return try TorchWeights.read(url)
    }
  }

  private static let numbers = Tensor((0..<24).map { Float($0) / 3 - 2 }, shape: [24])

  @Test(
    arguments: [
      ("FloatStorage", ElementFormat.f32), ("HalfStorage", .f16), ("BFloat16Storage", .bf16),
      ("DoubleStorage", .f64),
    ], [false, true])
  func `tensors are windows of their storages`(kind: (String, ElementFormat), isLong: Bool) throws {
    let (bytes, values) = Self.numbers.rounded(to: kind.1)
    var file = TorchFile(
      [
        ("whole", .init(kind.0, storage: "0", shape: [2, 3, 4])),
        ("part", .init(kind.0, storage: "0", offset: 5, shape: [2, 2], isParameter: true)),
        ("turned", .init(kind.0, storage: "0", shape: [4, 6], strides: [1, 4])),
        ("sparse", .init(kind.0, storage: "0", offset: 1, shape: [3, 2], strides: [8, 3])),
        ("repeated", .init(kind.0, storage: "0", offset: 7, shape: [2, 3], strides: [0, 1])),
        ("empty", .init(kind.0, storage: "0", shape: [0, 3])),
        ("one", .init(kind.0, storage: "0", offset: 23, shape: [])),
      ], storages: [("0", bytes)])
    file.isLong = isLong
    let found = try read(file.data)
    let expected: [String: (shape: [Int], places: [Int])] = [
      "whole": ([2, 3, 4], Array(0..<24)), "part": ([2, 2], [5, 6, 7, 8]),
      "turned": ([4, 6], (0..<4).flatMap { row in (0..<6).map { row + 4 * $0 } }),
      "sparse": ([3, 2], [1, 4, 9, 12, 17, 20]), "repeated": ([2, 3], [7, 8, 9, 7, 8, 9]),
      "empty": ([0, 3], []), "one": ([], [23]),
    ]
    #expect(found.tensors.keys.sorted() == expected.keys.sorted())
    for (name, (shape, places)) in expected {
      let stored = try #require(found.tensors[name])
      #expect(stored.shape == shape && stored.format == kind.1.rawValue)
      let all = values.values()
      if !places.isEmpty {
        #expect(try found.read(name, stored).values() == places.map { all[$0] }, "\(name)")
      }
    }
  }

  typealias Fault = (name: String, data: @Sendable () -> Data, says: String)

  private static func file(_ tensor: TorchFile.Tensor) -> Data {
    TorchFile([("a", tensor)], storages: [("0", Data(count: 96))]).data
  }

  private static func file(value: Data) -> Data {
    var file = TorchFile()
    file.value = value
    return file.data
  }

  static let faults: [Fault] = [
    (
      "a call",
      {
        file(
          value: TorchFile.dictionary([
            ("a", TorchFile.call("posix", "system", [TorchFile.text("true")]))
          ]))
      }, "would call posix.system"
    ),
    (
      "a call whose result is thrown away",
      {
        file(
          value: TorchFile.call("builtins", "eval", [TorchFile.text("1")]) + Data("0".utf8)
            + TorchFile.dictionary([]))
      }, "would call builtins.eval"
    ),
    (
      "a call by another operation",
      {
        file(
          value: TorchFile.global("os", "system") + TorchFile.tuple([TorchFile.text("x")])
            + Data([0x81]))
      }, "would call os.system"
    ),
    (
      "an old file",
      {
        Data([
          0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
        ])
      }, "found that of versions before 1.6"
    ),
    ("no file of torch", { Data("weights".utf8) }, "found something else"),
    ("a page", { Data("\n<!DOCTYPE html><html>".utf8) }, "a web page and not the file itself"),
    (
      "a pointer", { Data("version https://git-lfs.github.com/spec/v1\n".utf8) },
      "a pointer of Git LFS"
    ),
    ("no pickle", { TorchFile().data.replacing("data.pkl", with: "data.pkg") }, "with data.pkl"),
    (
      "compressed",
      {
        var file = TorchFile([], storages: [])
        file.method = 8
        return file.data
      }, "a compressed archive is not supported"
    ),
    (
      "another byte order",
      {
        var file = TorchFile([], storages: [])
        file.others = [("x/byteorder", Data("big".utf8))]
        return file.data
      }, "big-endian"
    ),
    ("no dictionary", { file(value: TorchFile.integer(3)) }, "expected a dictionary of tensors"),
    (
      "a dictionary in it",
      { file(value: TorchFile.dictionary([("model", TorchFile.dictionary([]))])) },
      "expected a tensor as \"model\"; save model.state_dict() alone"
    ),
    (
      "a number as key",
      {
        file(value: Data("}".utf8) + TorchFile.integer(1) + TorchFile.integer(1) + Data("s".utf8))
      },
      "expected the names of tensors as keys"
    ),
    (
      "an unknown kind", { file(.init("QInt8Storage", storage: "0", shape: [1])) },
      "stored as QInt8Storage"
    ),
    ("no storage", { file(.init(storage: "1", shape: [1])) }, "\"a\" does not lie in the file"),
    ("too long", { file(.init(storage: "0", shape: [25])) }, "does not lie in the file"),
    (
      "too far", { file(.init(storage: "0", offset: 24, shape: [1])) }, "does not lie in the file"
    ),
    (
      "before the start", { file(.init(storage: "0", offset: -1, shape: [1])) },
      "does not lie in the file"
    ),
    (
      "strides that overflow",
      { file(.init(storage: "0", shape: [2, 2], strides: [.max, .max])) },
      "does not lie in the file"
    ),
    (
      "a number repeated without end",
      { file(.init(storage: "0", shape: [1 << 31, 1 << 31], strides: [0, 0])) },
      "does not lie in the file"
    ),
    (
      "a negative length", { file(.init(storage: "0", shape: [-1], strides: [1])) },
      "does not lie in the file"
    ),
    (
      "fewer strides than axes", { file(.init(storage: "0", shape: [2, 2], strides: [1])) },
      "does not lie in the file"
    ),
  ]

  @Test(arguments: faults.indices) func `a fault gives its own error`(index: Int) throws {
    let fault = Self.faults[index]
    let error = #expect(throws: CheckpointError.self, "\(fault.name)") { try read(fault.data()) }
    #expect(
      error?.description.contains(fault.says) ?? false, "\(fault.name): \(error?.description ?? "")"
    )
  }

  @Test(arguments: [false, true]) func `a file cut anywhere is an error`(isLong: Bool) throws {
    var file = TorchFile(
      [("a", .init(storage: "0", shape: [2, 3]))], storages: [("0", Data(count: 24))])
    file.isLong = isLong
    let data = file.data
    for length in data.indices {
      #expect(throws: CheckpointError.self, "\(length)") { try read(data.prefix(length)) }
    }
  }
}

extension Data {
  /// The same bytes with a text in place of another one of the same length.
  fileprivate func replacing(_ old: String, with new: String) -> Data {
    var data = self
    while let range = data.range(of: Data(old.utf8)) {
      data.replaceSubrange(range, with: Data(new.utf8))
    }
    return data
  }
}
