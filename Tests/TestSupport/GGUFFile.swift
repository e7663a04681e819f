package import Foundation

/// Writes GGUF files for tests, well-formed ones and others.
package struct GGUFFile {
  package enum Value {
    case integer(UInt32)
    case number(Float)
    case text(String)
    case flag(Bool)
    case texts([String])
    case integers([Int32])
    /// A value of any type, as the file has it.
    case raw(type: UInt32, Data)
  }

  package struct Stored {
    package var name: String
    package var shape: [Int]
    package var type: UInt32
    package var bytes: Data
    /// Nil for the next free place.
    package var offset: UInt64?

    package init(_ name: String, shape: [Int], type: UInt32 = 0, bytes: Data, offset: UInt64? = nil)
    {
      self.name = name
      self.shape = shape
      self.type = type
      self.bytes = bytes
      self.offset = offset
    }
  }

  package var magic = Data("GGUF".utf8)
  package var version: UInt32 = 3
  /// Tensors lie at multiples of it; state another one than 32 as `general.alignment`, too.
  package var alignment = 32
  package var fields: [(String, Value)] = []
  package var tensors: [Stored] = []
  /// Nil for the true numbers.
  package var tensorCount: UInt64?
  package var fieldCount: UInt64?

  package init() {}

  package var data: Data {
    var data = magic + bytes(version)
    data += bytes(tensorCount ?? UInt64(tensors.count)) + bytes(fieldCount ?? UInt64(fields.count))
    for (name, value) in fields { data += text(name) + encode(value) }
    var end: UInt64 = 0
    for tensor in tensors {
      data += text(tensor.name) + bytes(UInt32(tensor.shape.count))
      for length in tensor.shape.reversed() { data += bytes(UInt64(length)) }
      data += bytes(tensor.type) + bytes(tensor.offset ?? end)
      end += UInt64((tensor.bytes.count + alignment - 1) / alignment * alignment)
    }
    pad(&data)
    for tensor in tensors {
      data += tensor.bytes
      pad(&data)
    }
    return data
  }

  private func pad(_ data: inout Data) {
    data += Data(count: (alignment - data.count % alignment) % alignment)
  }

  private func bytes(_ value: some FixedWidthInteger) -> Data {
    Data((0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }

  private func text(_ text: String) -> Data { bytes(UInt64(text.utf8.count)) + Data(text.utf8) }

  private func encode(_ value: Value) -> Data {
    switch value {
    case .integer(let integer): bytes(UInt32(4)) + bytes(integer)
    case .number(let number): bytes(UInt32(6)) + bytes(number.bitPattern)
    case .flag(let flag): bytes(UInt32(7)) + bytes(UInt8(flag ? 1 : 0))
    case .text(let string): bytes(UInt32(8)) + text(string)
    case .raw(let type, let data): bytes(type) + data
    case .texts(let list):
      list.reduce(bytes(UInt32(9)) + bytes(UInt32(8)) + bytes(UInt64(list.count))) { $0 + text($1) }
    case .integers(let list):
      list.reduce(bytes(UInt32(9)) + bytes(UInt32(5)) + bytes(UInt64(list.count))) {
        $0 + bytes($1)
      }
    }
  }

  package mutating func set(_ name: String, _ value: Value) {
    remove(name)
    fields.append((name, value))
  }

  package mutating func remove(_ name: String) { fields.removeAll { $0.0 == name } }
}
