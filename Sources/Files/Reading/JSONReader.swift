import Foundation

/// Reads JSON from bytes, one value after another, so that a large file need not become a tree of values.
///
/// Python's NaN, Infinity and -Infinity are numbers, and a byte-order mark may come first. Text that is not UTF-8 is
/// refused, and so are values that are nested too deeply.
struct JSONReader {
  /// Where a text is not JSON, and what is wrong there.
  struct Problem: Error, Equatable {
    let what: String
    let line: Int

    /// Part of a sentence.
    var sentence: String { "line \(line): \(what)" }
  }

  let bytes: [UInt8]
  /// The next byte.
  var place = 0
  private var depth = 0
  private static let deepest = 256

  init(_ data: Data) {
    bytes = Array(data)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
  }

  /// The value of a whole text.
  static func value(_ data: Data) throws(Problem) -> FieldValue {
    var reader = JSONReader(data)
    let value = try reader.value()
    try reader.finish()
    return value
  }

  /// - Throws: ``Problem`` when something follows.
  mutating func finish() throws(Problem) {
    guard peek() == nil else { throw problem("expected the end of the text") }
  }

  /// What kind of value comes next, by its first byte: `{`, `[`, `"` or another.
  mutating func peek() -> UInt8? {
    while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
    return place < bytes.count ? bytes[place] : nil
  }

  func problem(_ what: String) -> Problem {
    Problem(what: what, line: 1 + bytes[..<min(place, bytes.count)].count { $0 == 0x0A })
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    place += 1
    return true
  }
}

extension JSONReader {
  /// Any value; of keys that are there twice, the last one counts.
  mutating func value() throws(Problem) -> FieldValue {
    switch peek() {
    case UInt8(ascii: "{"):
      // A dictionary that grew with each key would hash them all again and again.
      var fields: [(String, FieldValue)] = []
      try object { reader, key throws(Problem) in fields.append((key, try reader.value())) }
      return .object(Dictionary(fields) { _, last in last })
    case UInt8(ascii: "["):
      var items: [FieldValue] = []
      try list { reader throws(Problem) in items.append(try reader.value()) }
      return .list(items)
    case UInt8(ascii: "\""): return .text(try text())
    default: return try word()
    }
  }

  /// The fields of an object: `visit` reads the value of each key.
  mutating func object(
    _ visit: (inout JSONReader, String) throws(Problem) -> Void
  ) throws(Problem) {
    try items(from: "{", to: "}") { reader throws(Problem) in
      guard reader.peek() == UInt8(ascii: "\"") else {
        throw reader.problem("expected a key in double quotes")
      }
      let key = try reader.text()
      guard reader.take(UInt8(ascii: ":")) else { throw reader.problem("expected a colon") }
      try visit(&reader, key)
    }
  }

  /// The items of a list: `visit` reads each.
  mutating func list(_ visit: (inout JSONReader) throws(Problem) -> Void) throws(Problem) {
    try items(from: "[", to: "]", visit)
  }

  private mutating func items(
    from open: Unicode.Scalar, to close: Unicode.Scalar,
    _ visit: (inout JSONReader) throws(Problem) -> Void
  ) throws(Problem) {
    guard take(UInt8(ascii: open)) else { throw problem("expected \"\(open)\"") }
    depth += 1
    guard depth <= Self.deepest else { throw problem("values are nested too deeply") }
    defer { depth -= 1 }
    if take(UInt8(ascii: close)) { return }
    repeat {
      try visit(&self)
      if take(UInt8(ascii: close)) { return }
    } while take(UInt8(ascii: ","))
    throw problem(
      place < bytes.count ? "expected a comma or \"\(close)\"" : "the text ends inside of a value")
  }
}
