import Foundation

/// The files of a zip archive that are stored as they are: windows of its bytes, of any size (with Zip64).
struct ZipArchive {
  private(set) var entries: [String: Data] = [:]
  private let data: Data
  private let file: String

  /// Finds the files by the archive's directory, which is at its end.
  ///
  /// - Throws: ``CheckpointError`` for an archive that ends early or is compressed.
  init(_ data: Data, file: String) throws(CheckpointError) {
    (self.data, self.file) = (data, file)
    let tail = max(data.count - 65_557, 0)
    guard
      let end = data.range(
        of: Data([0x50, 0x4B, 0x05, 0x06]), options: .backwards,
        in: (data.startIndex + tail)..<data.endIndex)
    else { throw CheckpointError(file, .truncated("the archive")) }
    let directory = try directory(endingAt: end.lowerBound - data.startIndex)
    var reader = ByteReader(file: file, data: data)
    try reader.move(to: directory.start)
    for _ in 0..<(try reader.checked(directory.count, width: 46, "the archive's directory")) {
      let (name, bytes) = try entry(&reader)
      entries[name] = bytes
    }
  }

  /// Where the directory starts, and how many files it lists.
  private func directory(
    endingAt end: Int
  ) throws(CheckpointError) -> (start: Int, count: UInt64) {
    let what = "the archive's end"
    var reader = ByteReader(file: file, data: data)
    try reader.move(to: end + 10)
    let count: UInt16 = try reader.integer(what)
    _ = try reader.bytes(4, of: what)
    let start: UInt32 = try reader.integer(what)
    _ = try reader.bytes(2, of: what)
    guard count == .max || start == .max else { return (Int(start), UInt64(count)) }
    // What does not fit is in a longer end, which another record before this one points to.
    try reader.move(to: end - 12)
    let place: UInt64 = try reader.integer(what)
    try reader.move(to: Int(clamping: place))
    guard try reader.integer(what) as UInt32 == 0x0606_4B50 else {
      throw CheckpointError(file, .truncated(what))
    }
    _ = try reader.bytes(28, of: what)
    let longCount: UInt64 = try reader.integer(what)
    _ = try reader.bytes(8, of: what)
    return (Int(clamping: try reader.integer(what) as UInt64), longCount)
  }

  private func entry(_ reader: inout ByteReader) throws(CheckpointError) -> (String, Data) {
    let what = "the archive's directory"
    _ = try reader.bytes(10, of: what)
    let method: UInt16 = try reader.integer(what)
    _ = try reader.bytes(8, of: what)
    // Sizes stored and expanded, which are the same.
    _ = try reader.bytes(4, of: what)
    var size = UInt64(try reader.integer(what) as UInt32)
    let lengths: [Int] = [
      Int(try reader.integer(what) as UInt16), Int(try reader.integer(what) as UInt16),
      Int(try reader.integer(what) as UInt16),
    ]
    _ = try reader.bytes(8, of: what)
    var offset = UInt64(try reader.integer(what) as UInt32)
    let name = String(decoding: try reader.bytes(lengths[0], of: what), as: UTF8.self)
    var extra = ByteReader(file: file, data: Data(try reader.bytes(lengths[1], of: what)))
    _ = try reader.bytes(lengths[2], of: what)
    guard method == 0 else { throw CheckpointError(file, .unsupported("a compressed archive")) }
    if size == UInt32.max || offset == UInt32.max { try lengthen(&size, &offset, from: &extra) }
    var local = ByteReader(file: file, data: data)
    // Lengths of the name and of what is extra differ from those in the directory.
    try local.move(to: Int(clamping: offset.addingReportingOverflow(26).partialValue))
    let skipped =
      Int(try local.integer(what) as UInt16) + Int(try local.integer(what) as UInt16)
    _ = try local.bytes(skipped, of: what)
    return (name, try local.bytes(Int(clamping: size), of: name))
  }

  /// Takes those of a file's numbers that do not fit into 32 bits from its extra fields.
  private func lengthen(
    _ size: inout UInt64, _ offset: inout UInt64, from extra: inout ByteReader
  ) throws(CheckpointError) {
    let what = "a large file's entry in the archive"
    while true {
      let kind: UInt16 = try extra.integer(what)
      let count: UInt16 = try extra.integer(what)
      guard kind == 1 else {
        _ = try extra.bytes(Int(count), of: what)
        continue
      }
      if size == UInt32.max {
        size = try extra.integer(what)
        // The stored size follows the expanded one where neither fits.
        _ = try extra.bytes(8, of: what)
      }
      if offset == UInt32.max { offset = try extra.integer(what) }
      return
    }
  }
}
