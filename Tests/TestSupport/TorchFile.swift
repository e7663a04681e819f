package import Foundation

/// Writes files as `torch.save` does, for tests: well-formed ones and others.
package struct TorchFile {
  /// A tensor as the pickle has it.
  package struct Tensor {
    package var kind = "FloatStorage"
    package var storage: String
    package var offset = 0
    package var shape: [Int]
    package var strides: [Int]
    /// Whether it is inside of a parameter.
    package var isParameter = false

    package init(
      _ kind: String = "FloatStorage", storage: String, offset: Int = 0, shape: [Int],
      strides: [Int]? = nil, isParameter: Bool = false
    ) {
      (self.kind, self.storage, self.offset) = (kind, storage, offset)
      (self.shape, self.isParameter) = (shape, isParameter)
      self.strides =
        strides ?? shape.indices.map { axis in shape[(axis + 1)...].reduce(1, *) }
    }
  }

  /// The pickle's value, as operations.
  package var value = Data()
  /// The numbers of each storage.
  package var storages: [(key: String, bytes: Data)] = []
  /// Whether sizes and places are written as those of more than 4 GB are.
  package var isLong = false
  /// How entries say that they are compressed.
  package var method = 0
  package var others: [(name: String, data: Data)] = []

  package init() {}

  /// A dictionary of tensors.
  package init(_ tensors: [(String, Tensor)], storages: [(key: String, bytes: Data)]) {
    value = Self.dictionary(tensors.map { ($0.0, Self.tensor($0.1)) })
    self.storages = storages
  }

  package var data: Data {
    archive(
      [("x/data.pkl", Data([0x80, 2]) + value + Data(".".utf8))]
        + storages.map { ("x/data/" + $0.key, $0.bytes) } + others)
  }

  // The pickle -------------------------------------------------------------------------------

  package static func text(_ text: String) -> Data {
    Data("X".utf8) + little(text.utf8.count, 4) + Data(text.utf8)
  }

  package static func integer(_ value: Int) -> Data {
    (Int(Int32.min)...Int(Int32.max)).contains(value)
      ? Data("J".utf8) + little(value, 4) : Data([0x8A, 8]) + little(value, 8)
  }

  /// A class or function.
  package static func global(_ module: String, _ name: String) -> Data {
    Data("c\(module)\n\(name)\n".utf8)
  }

  /// A call of a function with arguments.
  package static func call(_ module: String, _ name: String, _ arguments: [Data]) -> Data {
    global(module, name) + tuple(arguments) + Data("R".utf8)
  }

  package static func tuple(_ items: [Data]) -> Data {
    items.reduce(Data("(".utf8), +) + Data("t".utf8)
  }

  package static func dictionary(_ entries: [(String, Data)]) -> Data {
    entries.reduce(call("collections", "OrderedDict", []) + Data("(".utf8)) {
      $0 + text($1.0) + $1.1
    } + Data("u".utf8)
  }

  package static func tensor(_ tensor: Tensor) -> Data {
    let storage =
      tuple([
        text("storage"), global("torch", tensor.kind), text(tensor.storage), text("cpu"),
        integer(1),
      ]) + Data("Q".utf8)
    let made = call(
      "torch._utils", "_rebuild_tensor_v2",
      [
        storage, integer(tensor.offset), tuple(tensor.shape.map(integer)),
        tuple(tensor.strides.map(integer)), Data([0x89]), call("collections", "OrderedDict", []),
      ])
    guard tensor.isParameter else { return made }
    return call(
      "torch._utils", "_rebuild_parameter",
      [made, Data([0x88]), call("collections", "OrderedDict", [])])
  }

  // The archive ------------------------------------------------------------------------------

  package static func little(_ value: Int, _ count: Int) -> Data {
    Data((0..<count).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 })
  }

  private func archive(_ entries: [(name: String, data: Data)]) -> Data {
    let little = Self.little
    var (body, directory) = (Data(), Data())
    for (name, data) in entries {
      let size = isLong ? little(-1, 4) : little(data.count, 4)
      // An odd field before the one that counts, as some writers put there.
      let extra =
        isLong
        ? little(9, 2) + little(2, 2) + little(0, 2) + little(1, 2) + little(24, 2)
          + little(data.count, 8) + little(data.count, 8) + little(body.count, 8) : Data()
      directory +=
        Data("PK\u{1}\u{2}".utf8) + Data(count: 6) + little(method, 2) + Data(count: 8) + size
        + size + little(name.utf8.count, 2) + little(extra.count, 2) + Data(count: 10)
        + (isLong ? little(-1, 4) : little(body.count, 4)) + Data(name.utf8) + extra
      body +=
        Data("PK\u{3}\u{4}".utf8) + Data(count: 14) + size + size + little(name.utf8.count, 2)
        + little(3, 2) + Data(name.utf8) + Data(count: 3) + data
    }
    var end = Data()
    if isLong {
      end =
        Data("PK\u{6}\u{6}".utf8) + little(44, 8) + Data(count: 12) + little(entries.count, 8)
        + little(entries.count, 8) + little(directory.count, 8) + little(body.count, 8)
        + Data("PK\u{6}\u{7}".utf8) + Data(count: 4) + little(body.count + directory.count, 8)
        + little(1, 4)
    }
    let count = isLong ? little(-1, 2) : little(entries.count, 2)
    return body + directory + end + Data("PK\u{5}\u{6}".utf8) + Data(count: 4) + count + count
      + little(directory.count, 4) + (isLong ? little(-1, 4) : little(body.count, 4))
      + little(0, 2)
  }
}
