package import Foundation

/// The gzip format (RFC 1952), one member or several.
package enum Gzip {
  /// What is wrong with a file, as part of a sentence.
  package struct Problem: Error {
    package let what: String
  }

  /// Whether bytes start as a gzip file does.
  package static func recognises(_ data: Data) -> Bool { data.starts(with: [0x1F, 0x8B]) }

  /// The bytes that a file holds.
  ///
  /// - Parameters:
  ///   - data: The file.
  ///   - limit: The most bytes that it may hold: a small file can hold any number of them.
  /// - Returns: The bytes, which have the check sum that the file states.
  /// - Throws: ``Problem``.
  package static func expanded(_ data: Data, limit: Int = 1 << 30) throws(Problem) -> Data {
    var bits = Bits(Array(data))
    var result: [UInt8] = []
    repeat {
      try skipHeader(&bits)
      let start = result.count
      var inflater = Inflater(limit: limit)
      swap(&inflater.output, &result)
      try inflater.run(&bits)
      swap(&inflater.output, &result)
      bits.align()
      let (sum, size) = (try bits.take(32), try bits.take(32))
      guard sum == checkSum(result[start...]),
        size == UInt32(truncatingIfNeeded: result.count - start)
      else { throw Problem(what: "its check sum is not that of its bytes") }
    } while !bits.isAtEnd
    return Data(result)
  }

  private static func skipHeader(_ bits: inout Bits) throws(Problem) {
    guard try bits.take(16) == 0x8B1F, try bits.take(8) == 8 else {
      throw Problem(what: "a part of it is not gzip")
    }
    let flags = try bits.take(8)
    for _ in 0..<6 { _ = try bits.take(8) }
    if flags & 4 != 0 {
      for _ in 0..<(try bits.take(16)) { _ = try bits.take(8) }
    }
    // A name and a comment end with a zero.
    for flag in [8, 16] as [UInt32] where flags & flag != 0 {
      while try bits.take(8) != 0 {}
    }
    if flags & 2 != 0 { _ = try bits.take(16) }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
  }

  private static func checkSum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(($0 ^ UInt32($1)) & 0xFF)] }
  }
}

/// Bits from bytes, the lowest first.
struct Bits {
  private let bytes: [UInt8]
  private var place = 0
  private var held: UInt64 = 0
  private var count = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { count == 0 && place == bytes.count }

  mutating func take(_ number: Int) throws(Gzip.Problem) -> UInt32 {
    while count < number {
      guard place < bytes.count else { throw Gzip.Problem(what: "it ends too early") }
      held |= UInt64(bytes[place]) << UInt64(count)
      place += 1
      count += 8
    }
    defer {
      held >>= UInt64(number)
      count -= number
    }
    return UInt32(truncatingIfNeeded: held & (1 << UInt64(number) - 1))
  }

  /// Goes on at the next whole byte.
  mutating func align() {
    held >>= UInt64(count % 8)
    count -= count % 8
  }
}
