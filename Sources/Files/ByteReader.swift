import Foundation

/// Reads little-endian values one after another and never past the end.
struct ByteReader {
  let file: String
  let data: Data
  private(set) var offset = 0

  init(file: String, data: Data) {
    self.file = file
    self.data = data
  }

  /// Goes on at a place counted from the data's start.
  mutating func move(to place: Int) throws(CheckpointError) {
    guard (0...data.count).contains(place) else {
      throw CheckpointError(file, .truncated("a place that the file points to"))
    }
    offset = place
  }

  mutating func bytes(_ count: Int, of what: String) throws(CheckpointError) -> Data {
    guard count <= data.count - offset else { throw CheckpointError(file, .truncated(what)) }
    defer { offset += count }
    return data[(data.startIndex + offset)..<(data.startIndex + offset + count)]
  }

  mutating func integer<Integer: FixedWidthInteger>(
    _ what: String
  ) throws(CheckpointError) -> Integer {
    let bytes = try bytes(Integer.bitWidth / 8, of: what)
    return bytes.reversed().reduce(Integer.zero) {
      Integer.bitWidth == 8 ? Integer(truncatingIfNeeded: $1) : $0 << 8 | Integer($1)
    }
  }

  mutating func text(_ what: String) throws(CheckpointError) -> String {
    let count: UInt64 = try integer(what)
    return String(decoding: try bytes(Int(clamping: count), of: what), as: UTF8.self)
  }

  /// A count of things that take at least `width` bytes each, if so many can follow.
  func checked(_ count: UInt64, width: Int, _ what: String) throws(CheckpointError) -> Int {
    guard count <= UInt64((data.count - offset) / width) else {
      throw CheckpointError(file, .truncated(what))
    }
    return Int(count)
  }
}
