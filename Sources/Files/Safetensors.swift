package import Foundation
import Graphs
package import Tensors

/// The safetensors format: the header's length, a JSON header, and the tensors' bytes.
package enum Safetensors {
  /// What the header says of a tensor, or of the file under the key `__metadata__`.
  private struct Entry: Encodable {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }

  /// Bytes of one element, also of formats that only tests and other tools read.
  private static let widths = [
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
    "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
  ]

  /// Maps a file and checks every offset before any tensor is touched.
  ///
  /// - Throws: ``CheckpointError`` for a file that cannot be read or breaks the format.
  package static func read(_ url: URL) throws(CheckpointError) -> TensorFile {
    try read(TensorFile.map(url), path: url.path)
  }

  /// Checks every offset of a file that is in memory.
  ///
  /// - Parameters:
  ///   - data: The file's bytes.
  ///   - path: What errors call it.
  /// - Returns: Its tensors, not converted.
  /// - Throws: ``CheckpointError`` when it breaks the format.
  package static func read(_ data: Data, path: String) throws(CheckpointError) -> TensorFile {
    let start = data.startIndex
    guard data.count >= 8 else { throw CheckpointError(path, .truncated("the header's length")) }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8) else {
      throw CheckpointError(path, .truncated("the header of \(length) bytes"))
    }
    let body = 8 + Int(length)
    let header = try header(data[(start + 8)..<(start + body)], path)
    var file = TensorFile(path: path, tensors: [:], metadata: header.metadata)
    var end = 0
    let entries = header.tensors.sorted {
      ($0.value.data_offsets.first ?? 0, $0.key) < ($1.value.data_offsets.first ?? 0, $1.key)
    }
    for (name, entry) in entries {
      let range = try extent(name, entry, path, bodyCount: data.count - body)
      guard range.lowerBound >= end else {
        throw CheckpointError(path, .badExtent(tensor: name, "overlaps another tensor"))
      }
      end = range.upperBound
      file.tensors[name] = StoredTensor(
        format: entry.dtype, shape: entry.shape,
        bytes: data[
          (start + body + range.lowerBound)..<(start + body + range.upperBound)])
    }
    return file
  }

  /// The tensors and texts that a header lists.
  private static func header(
    _ data: Data, _ path: String
  ) throws(CheckpointError) -> (tensors: [String: Entry], metadata: [String: FieldValue]) {
    let fault = { (what: String) in
      CheckpointError(
        path,
        .malformed(
          "the header should be JSON with dtype, shape and data_offsets by tensor; \(what)"))
    }
    let value: FieldValue
    do { value = try FieldValue(json: data) } catch { throw fault(error.description) }
    guard case .object(let fields) = value else { throw fault("it holds \(value.kind)") }
    var tensors: [String: Entry] = [:]
    var metadata: [String: FieldValue] = [:]
    for (name, value) in fields {
      guard case .object(let fields) = value else {
        throw fault("\"\(name.shortened)\" is \(value.kind)")
      }
      if name == "__metadata__" {
        guard fields.values.allSatisfy({ $0.kind == FieldValue.text("").kind }) else {
          throw fault("see \"\(name)\"")
        }
        metadata = fields
      } else {
        let bad = { (field: String) in fault("see \"\(name.shortened).\(field)\"") }
        guard case .text(let dtype) = fields["dtype"] else { throw bad("dtype") }
        guard let shape = fields["shape"]?.integers else { throw bad("shape") }
        guard let offsets = fields["data_offsets"]?.integers else { throw bad("data_offsets") }
        tensors[name] = Entry(dtype: dtype, shape: shape, data_offsets: offsets)
      }
    }
    return (tensors, metadata)
  }

  /// The bytes of a tensor, counted from the end of the header.
  private static func extent(
    _ name: String, _ entry: Entry, _ path: String, bodyCount: Int
  ) throws(CheckpointError) -> Range<Int> {
    let fault = { (reason: String) in CheckpointError(path, .badExtent(tensor: name, reason)) }
    guard let width = widths[entry.dtype] else {
      throw CheckpointError(path, .unsupportedFormat(tensor: name, entry.dtype))
    }
    guard let size = product(entry.shape + [width]), entry.shape.allSatisfy({ $0 <= longest })
    else {
      throw fault("has the impossible shape \("\(entry.shape)".shortened)")
    }
    guard entry.data_offsets.count == 2, let begin = entry.data_offsets.first,
      let end = entry.data_offsets.last, begin >= 0, begin <= end, end <= bodyCount
    else {
      throw fault(
        "lies at \("\(entry.data_offsets)".shortened), outside of the file's \(bodyCount) bytes of data"
      )
    }
    guard end - begin == size else {
      throw fault(
        "of shape \("\(entry.shape)".shortened) needs \(size) bytes, found \(end - begin)")
    }
    return begin..<end
  }

  /// The most elements along an axis, also of a tensor that has none.
  static let longest = 1 << 32

  /// The product of sizes; nil when one is negative or the product too large.
  static func product(_ sizes: [Int]) -> Int? {
    var product = 1
    for size in sizes {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      product = next
    }
    return product
  }

  /// The bytes of a file with these tensors as F32; the same tensors give the same bytes.
  ///
  /// - Parameters:
  ///   - tensors: Tensors by name.
  ///   - metadata: Texts by name.
  /// - Returns: The bytes of the file.
  /// - Throws: An error of the JSON encoder.
  package static func encode(
    _ tensors: [String: Tensor], metadata: [String: String] = [:]
  ) throws -> Data {
    try encode(
      tensors.mapValues { Part(dtype: "F32", shape: $0.shape, bytes: $0.littleEndianBytes) },
      metadata)
  }

  /// The bytes of a file with these numbers as F64, each a tensor of one axis.
  package static func encode(
    doubles: [String: [Double]], metadata: [String: String] = [:]
  ) throws -> Data {
    try encode(
      doubles.mapValues { numbers in
        var bytes = Data(capacity: 8 * numbers.count)
        for number in numbers {
          let bits = number.bitPattern
          for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
          }
        }
        return Part(dtype: "F64", shape: [numbers.count], bytes: bytes)
      }, metadata)
  }

  /// The bytes of a file with these truth values as BOOL.
  package static func encode(
    switches: [String: (shape: [Int], values: [Bool])], metadata: [String: String] = [:]
  ) throws -> Data {
    try encode(
      switches.mapValues {
        Part(dtype: "BOOL", shape: $0.shape, bytes: Data($0.values.map { $0 ? 1 : 0 }))
      }, metadata)
  }

  /// A tensor's bytes and what they are.
  private struct Part {
    let dtype: String
    let shape: [Int]
    let bytes: Data
  }

  private static func encode(_ parts: [String: Part], _ metadata: [String: String]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var entries: [String: Entry] = [:]
    var body = Data()
    for (name, part) in parts.sorted(by: { $0.key < $1.key }) {
      entries[name] = Entry(
        dtype: part.dtype, shape: part.shape,
        data_offsets: [body.count, body.count + part.bytes.count])
      body.append(part.bytes)
    }
    var header = try encoder.encode(entries)
    if !metadata.isEmpty {
      let text = try encoder.encode(["__metadata__": metadata])
      header = text.dropLast() + (entries.isEmpty ? "" : ",").utf8 + header.dropFirst()
    }
    header.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8))
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return Data(length) + header + body
  }
}
