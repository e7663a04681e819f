package import Foundation
import Graphs
import Tensors

/// The GGUF format, version 3, little-endian.
package enum GGUF {
  /// Tensor formats by their number in the file.
  private static let formats: [UInt32: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K",
    11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS",
    18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8",
    25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0",
    39: "MXFP4",
  ]

  /// Maps a file and checks every length and offset before anything is allocated for it.
  ///
  /// Shapes are reversed on the way: GGUF names the contiguous axis first.
  ///
  /// - Throws: ``CheckpointError`` for a file that cannot be read or breaks the format.
  package static func read(_ url: URL) throws(CheckpointError) -> TensorFile {
    let data = try TensorFile.map(url)
    var reader = ByteReader(file: url.path, data: data)
    guard try reader.bytes(4, of: "the magic number") == Data("GGUF".utf8) else {
      throw CheckpointError(url.path, .malformed("the file does not start with \"GGUF\""))
    }
    let version: UInt32 = try reader.integer("the version")
    guard version == 3 else {
      throw CheckpointError(url.path, .unsupported("GGUF version \(version), only 3,"))
    }
    let tensorCount: UInt64 = try reader.integer("the number of tensors")
    let fieldCount: UInt64 = try reader.integer("the number of fields")
    var file = TensorFile(path: url.path, tensors: [:], metadata: [:])
    for _ in 0..<(try reader.checked(fieldCount, width: 12, "the list of fields")) {
      let name = try reader.text("a field's name")
      let type: UInt32 = try reader.integer("the type of field \(name.shortened)")
      file.metadata[name] = try value(type, &reader, name)
    }
    var infos: [Info] = []
    for _ in 0..<(try reader.checked(tensorCount, width: 24, "the list of tensors")) {
      infos.append(try info(&reader))
    }
    let alignment = try Fields(file: url.path, values: file.metadata).integer(
      "general.alignment", in: 1...65536, default: 32)
    let body = (reader.offset + alignment - 1) / alignment * alignment
    try place(infos, in: &file, data, body: body)
    return file
  }

  private struct Info {
    let name: String
    let shape: [Int]
    let format: String
    let offset: UInt64
  }

  private static func info(_ reader: inout ByteReader) throws(CheckpointError) -> Info {
    let name = try reader.text("a tensor's name")
    let axes: UInt32 = try reader.integer("the axes of \(name.shortened)")
    guard (1...4).contains(axes) else {
      throw CheckpointError(
        reader.file, .badExtent(tensor: name, "has \(axes) axes, expected 1 to 4"))
    }
    var shape: [Int] = []
    for _ in 0..<axes {
      let length: UInt64 = try reader.integer("the shape of \(name.shortened)")
      shape.insert(Int(clamping: length), at: 0)
    }
    let type: UInt32 = try reader.integer("the format of \(name.shortened)")
    let offset: UInt64 = try reader.integer("the offset of \(name.shortened)")
    return Info(name: name, shape: shape, format: formats[type] ?? "type \(type)", offset: offset)
  }

  /// Finds every tensor's bytes and refuses those outside of the file or over another's.
  private static func place(
    _ infos: [Info], in file: inout TensorFile, _ data: Data, body: Int
  ) throws(CheckpointError) {
    let path = file.path
    var end = 0
    for info in infos.sorted(by: { ($0.offset, $0.name) < ($1.offset, $1.name) }) {
      let fault = { (reason: String) in
        CheckpointError(path, .badExtent(tensor: info.name, reason))
      }
      guard file.tensors[info.name] == nil else { throw fault("is listed twice") }
      guard let format = ElementFormat(rawValue: info.format) else {
        throw CheckpointError(
          file.path, .unsupportedFormat(tensor: info.name, info.format))
      }
      guard let count = Safetensors.product(info.shape), let size = format.byteCount(of: count),
        (info.shape.last ?? 0) % format.blockCount == 0
      else { throw fault("has the impossible shape \(info.shape) for \(info.format)") }
      let available = data.count - body
      guard info.offset <= UInt64(max(available, 0)), size <= available - Int(info.offset) else {
        throw CheckpointError(file.path, .truncated("tensor \"\(info.name.shortened)\""))
      }
      guard Int(info.offset) >= end else { throw fault("overlaps another tensor") }
      end = Int(info.offset) + size
      file.tensors[info.name] = StoredTensor(
        format: info.format, shape: info.shape,
        bytes: data[(body + Int(info.offset))..<(body + end)])
    }
  }

  /// Reads a field's value; the numbers are the format's own.
  private static func value(
    _ type: UInt32, _ reader: inout ByteReader, _ name: String, depth: Int = 0
  ) throws(CheckpointError) -> FieldValue {
    let what = "field \(name.shortened)"
    switch type {
    case 0: return .integer(Int(try reader.integer(what) as UInt8))
    case 1: return .integer(Int(try reader.integer(what) as Int8))
    case 2: return .integer(Int(try reader.integer(what) as UInt16))
    case 3: return .integer(Int(try reader.integer(what) as Int16))
    case 4: return .integer(Int(try reader.integer(what) as UInt32))
    case 5: return .integer(Int(try reader.integer(what) as Int32))
    case 6: return .number(Double(Float(bitPattern: try reader.integer(what))))
    case 7: return .flag(try reader.integer(what) as UInt8 != 0)
    case 8: return .text(try reader.text(what))
    case 9:
      let element: UInt32 = try reader.integer(what)
      let count: UInt64 = try reader.integer(what)
      guard depth == 0 else {
        throw CheckpointError(reader.file, .unsupported("the list of lists \(name.shortened)"))
      }
      guard count <= 1 << 24 else {
        throw CheckpointError(
          reader.file, .unsupported("the list \(name.shortened) of \(count) elements"))
      }
      var list: [FieldValue] = []
      for _ in 0..<(try reader.checked(count, width: element == 8 ? 8 : 1, what)) {
        list.append(try value(element, &reader, name, depth: 1))
      }
      return .list(list)
    case 10: return .integer(Int(clamping: try reader.integer(what) as UInt64))
    case 11: return .integer(Int(try reader.integer(what) as Int64))
    case 12: return .number(Double(bitPattern: try reader.integer(what)))
    default:
      throw CheckpointError(reader.file, .malformed("\(what) has the unknown type \(type)"))
    }
  }
}
