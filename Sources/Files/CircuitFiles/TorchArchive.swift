import Foundation
import Tensors

/// A file of `torch.save`: a zip archive, never compressed, of a pickle and the tensors' numbers.
struct TorchArchive {
  let value: PickleValue
  private let path: String
  private let entries: [String: Data]
  private let folder: String

  /// Whether data starts as a zip archive does.
  static func recognises(_ data: Data) -> Bool { data.starts(with: [0x50, 0x4B, 0x03, 0x04]) }

  /// Reads an archive and hands it to `body`, which must not keep it.
  ///
  /// - Throws: ``CheckpointError`` for archives and pickles that break their formats, and what `body` throws.
  static func read<Result>(
    _ data: Data, file: String, _ body: (TorchArchive) throws -> Result
  ) throws -> Result {
    let entries = try entries(data, file)
    guard let name = entries.keys.filter({ $0.hasSuffix("data.pkl") }).min(),
      let pickle = entries[name]
    else {
      throw CheckpointError(file, .malformed("expected an archive of torch.save, with data.pkl"))
    }
    let folder = String(name.dropLast("data.pkl".count))
    return try Unpickler.read(pickle, file: file) { value in
      try body(TorchArchive(value: value, path: file, entries: entries, folder: folder))
    }
  }

  /// The files of an archive, found by its central directory.
  private static func entries(
    _ data: Data, _ file: String
  ) throws(CheckpointError) -> [String: Data] {
    let tail = max(data.count - 65_557, 0)
    guard
      let end = data.range(
        of: Data([0x50, 0x4B, 0x05, 0x06]), options: .backwards,
        in: (data.startIndex + tail)..<data.endIndex)
    else { throw CheckpointError(file, .truncated("the archive")) }
    var reader = ByteReader(file: file, data: data)
    try reader.move(to: end.lowerBound - data.startIndex + 10)
    let count: UInt16 = try reader.integer("the archive's end")
    _ = try reader.bytes(4, of: "the archive's end")
    let start: UInt32 = try reader.integer("the archive's end")
    try reader.move(to: Int(start))
    var entries: [String: Data] = [:]
    for _ in 0..<count {
      let (name, bytes) = try entry(&reader, data)
      entries[name] = bytes
    }
    return entries
  }

  private static func entry(
    _ reader: inout ByteReader, _ data: Data
  ) throws(CheckpointError) -> (String, Data) {
    let what = "the archive's directory"
    _ = try reader.bytes(10, of: what)
    let method: UInt16 = try reader.integer(what)
    _ = try reader.bytes(8, of: what)
    let size: UInt32 = try reader.integer(what)
    _ = try reader.bytes(4, of: what)
    let lengths: [Int] = [
      Int(try reader.integer(what) as UInt16), Int(try reader.integer(what) as UInt16),
      Int(try reader.integer(what) as UInt16),
    ]
    _ = try reader.bytes(8, of: what)
    let offset: UInt32 = try reader.integer(what)
    let name = String(decoding: try reader.bytes(lengths[0], of: what), as: UTF8.self)
    _ = try reader.bytes(lengths[1] + lengths[2], of: what)
    guard method == 0, size < .max, offset < .max else {
      throw CheckpointError(
        reader.file, .unsupported("a compressed archive, or one of more than 4 GB,"))
    }
    var local = ByteReader(file: reader.file, data: data)
    try local.move(to: Int(offset) + 26)
    let skipped =
      Int(try local.integer(what) as UInt16) + Int(try local.integer(what) as UInt16)
    _ = try local.bytes(skipped, of: what)
    return (name, try local.bytes(Int(size), of: name))
  }

  /// A tensor's numbers as Float32; booleans become 0 and 1.
  ///
  /// - Parameters:
  ///   - name: Its key in the dictionary that was saved.
  ///   - expected: The shape that it must have, of numbers that fit into memory.
  /// - Returns: The tensor.
  /// - Throws: ``CheckpointError`` when there is no contiguous tensor of a known type and that shape.
  func tensor(_ name: String, shape expected: [Int]) throws(CheckpointError) -> Tensor {
    guard case .object(let object) = value[name],
      object.callable.hasPrefix("torch._utils._rebuild_tensor"), object.arguments.count >= 4,
      case .persistent(let storage) = object.arguments[0], storage.items.count >= 3,
      case .global(let kind) = storage.items[1], let key = storage.items[2].text,
      let offset = object.arguments[1].integer,
      let shape = object.arguments[2].items?.compactMap(\.integer),
      let strides = object.arguments[3].items?.compactMap(\.integer)
    else { throw CheckpointError(path, .malformed("expected a tensor as \"\(name)\"")) }
    guard shape == expected, strides.count == shape.count else {
      throw CheckpointError(
        path, .wrongShape(tensor: name, expected: expected, found: shape))
    }
    let type = kind.split(separator: ".").last.map(String.init) ?? kind
    let known: [String: (size: Int, format: ElementFormat?)] = [
      "FloatStorage": (4, .f32), "HalfStorage": (2, .f16), "BFloat16Storage": (2, .bf16),
      "BoolStorage": (1, nil),
    ]
    guard let (size, format) = known[type] else {
      throw CheckpointError(path, .unsupportedFormat(tensor: name, type))
    }
    let count = shape.reduce(1, *)
    guard let bytes = entries["\(folder)data/\(key)"], offset >= 0, count <= bytes.count / size,
      offset <= bytes.count / size - count, isContiguous(shape, strides)
    else {
      throw CheckpointError(
        path, .badExtent(tensor: name, "does not lie in the file as one piece"))
    }
    let first = bytes.startIndex + offset * size
    let own = bytes[first..<(first + count * size)]
    guard let format else { return Tensor(own.map { $0 == 0 ? 0 : 1 }, shape: shape) }
    return Tensor(mapping: own, as: format, shape: shape).float32
  }

  private func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
    var expected = 1
    for (length, stride) in zip(shape, strides).reversed() {
      if length != 1, stride != expected { return false }
      expected *= length
    }
    return true
  }
}
