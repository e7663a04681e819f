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
  /// - Parameters:
  ///   - data: The file.
  ///   - file: What errors call it.
  ///   - calls: The classes and functions that the pickle may name; nil for any, since none is called.
  ///   - body: Is handed the archive.
  /// - Returns: What `body` makes of it.
  /// - Throws: ``CheckpointError`` for archives and pickles that break their formats, and what `body` throws.
  static func read<Result>(
    _ data: Data, file: String, calls: Set<String>? = nil, _ body: (TorchArchive) throws -> Result
  ) throws -> Result {
    let entries = try ZipArchive(data, file: file).entries
    guard let name = entries.keys.filter({ $0.hasSuffix("data.pkl") }).min(),
      let pickle = entries[name]
    else {
      throw CheckpointError(file, .malformed("expected an archive of torch.save, with data.pkl"))
    }
    let folder = String(name.dropLast("data.pkl".count))
    if let order = entries[folder + "byteorder"], order != Data("little".utf8) {
      throw CheckpointError(file, .unsupported("a file of a big-endian machine"))
    }
    return try Unpickler.read(pickle, file: file, calls: calls) { value in
      try body(TorchArchive(value: value, path: file, entries: entries, folder: folder))
    }
  }

  /// The storages that PyTorch names, and what their numbers are called elsewhere.
  private static let storages: [String: (format: String, width: Int)] = [
    "FloatStorage": ("F32", 4), "HalfStorage": ("F16", 2), "BFloat16Storage": ("BF16", 2),
    "DoubleStorage": ("F64", 8), "LongStorage": ("I64", 8), "IntStorage": ("I32", 4),
    "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1), "ByteStorage": ("U8", 1),
    "BoolStorage": ("BOOL", 1),
  ]

  /// A tensor in row-major order: a window of the file where it lies there so, else a copy.
  ///
  /// - Parameters:
  ///   - value: What the pickle has of the tensor, or of a parameter that holds it.
  ///   - name: What errors call it.
  /// - Returns: The tensor, not converted; nil for a value that is none.
  /// - Throws: ``CheckpointError`` when its numbers do not lie in the file or are of an unknown kind.
  func stored(_ value: PickleValue, _ name: String) throws(CheckpointError) -> StoredTensor? {
    guard case .object(let object) = value else { return nil }
    if object.callable.hasPrefix("torch._utils._rebuild_parameter"),
      let data = object.arguments.first
    {
      return try stored(data, name)
    }
    guard object.callable.hasPrefix("torch._utils._rebuild_tensor"), object.arguments.count >= 4,
      case .persistent(let storage) = object.arguments[0], storage.items.count >= 3,
      case .global(let kind) = storage.items[1], let key = storage.items[2].text,
      let offset = object.arguments[1].integer, let shape = integers(object.arguments[2]),
      let strides = integers(object.arguments[3])
    else { return nil }
    let type = kind.split(separator: ".").last.map(String.init) ?? kind
    guard let (format, width) = Self.storages[type] else {
      throw CheckpointError(path, .unsupportedFormat(tensor: name, type))
    }
    guard let bytes = entries["\(folder)data/\(key)"],
      let window = StridedWindow(
        shape: shape, strides: strides, offset: offset, in: bytes.count / width)
    else {
      throw CheckpointError(path, .badExtent(tensor: name, "does not lie in the file"))
    }
    return StoredTensor(format: format, shape: shape, bytes: window.bytes(of: bytes, width: width))
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard let items = value.items else { return nil }
    let integers = items.compactMap(\.integer)
    return integers.count == items.count ? integers : nil
  }

  /// A tensor's numbers as Float32; booleans become 0 and 1.
  ///
  /// - Parameters:
  ///   - name: Its key in the dictionary that was saved.
  ///   - expected: The shape that it must have, of numbers that fit into memory.
  /// - Returns: The tensor.
  /// - Throws: ``CheckpointError`` when there is no tensor of a known type and that shape.
  func tensor(_ name: String, shape expected: [Int]) throws(CheckpointError) -> Tensor {
    guard let value = value[name], let stored = try stored(value, name) else {
      throw CheckpointError(path, .malformed("expected a tensor as \"\(name)\""))
    }
    guard stored.shape == expected else {
      throw CheckpointError(
        path, .wrongShape(tensor: name, expected: expected, found: stored.shape))
    }
    if let switches = stored.switches {
      return Tensor(switches.map { $0 ? 1 : 0 }, shape: expected)
    }
    return try TensorFile(path: path, tensors: [:], metadata: [:]).map(name, stored).float32
  }
}
