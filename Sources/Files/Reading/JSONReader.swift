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

  private let bytes: [UInt8]
  private var place = 0
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

  private func problem(_ what: String) -> Problem {
    Problem(what: what, line: 1 + bytes[..<min(place, bytes.count)].count { $0 == 0x0A })
  }

  private mutating func take(_ byte: UInt8) -> Bool {
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
      var fields: [String: FieldValue] = [:]
      try object { reader, key throws(Problem) in fields[key] = try reader.value() }
      return .object(fields)
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

extension JSONReader {
  /// A text in double quotes.
  mutating func text() throws(Problem) -> String {
    guard take(UInt8(ascii: "\"")) else { throw problem("expected a text") }
    let start = place
    while place < bytes.count, bytes[place] != UInt8(ascii: "\""),
      bytes[place] != UInt8(ascii: "\\"),
      bytes[place] >= 0x20
    { place += 1 }
    guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
      return try escapedText(from: start)
    }
    defer { place += 1 }
    return try decoded(bytes[start..<place])
  }

  private func decoded(_ bytes: some Sequence<UInt8>) throws(Problem) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw problem("the text is not UTF-8")
    }
    return text
  }

  private mutating func escapedText(from start: Int) throws(Problem) -> String {
    var text = Array(bytes[start..<place])
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return try decoded(text)
      case UInt8(ascii: "\\"): text += try escape()
      case ..<0x20: throw problem("a text should write a line break or tab as \\n or \\t")
      default: text.append(byte)
      }
    }
    throw problem("the text ends inside of a value")
  }

  private mutating func escape() throws(Problem) -> [UInt8] {
    guard place < bytes.count else { throw problem("the text ends inside of a value") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"): return Array(String(try scalar()).utf8)
    default: throw problem("there is no such escape in a text")
    }
  }

  /// A character by its number, in one or two units of UTF-16; half of a pair becomes the replacement character.
  private mutating func scalar() throws(Problem) -> Unicode.Scalar {
    let first = try unit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard bytes[place...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
      return "\u{FFFD}"
    }
    let start = place
    place += 2
    let second = try unit()
    guard (0xD800..<0xDC00).contains(first), (0xDC00..<0xE000).contains(second) else {
      place = start
      return "\u{FFFD}"
    }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private mutating func unit() throws(Problem) -> UInt32 {
    let end = min(place + 4, bytes.count)
    guard end - place == 4,
      bytes[place..<end].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let unit = UInt32(String(decoding: bytes[place..<end], as: UTF8.self), radix: 16)
    else { throw problem("expected four hexadecimal digits") }
    place = end
    return unit
  }

  /// A number, or one of the words.
  private mutating func word() throws(Problem) -> FieldValue {
    let start = place
    while place < bytes.count, Self.isPart(bytes[place]) { place += 1 }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    switch text {
    case "null": return .null
    case "true": return .flag(true)
    case "false": return .flag(false)
    case "NaN": return .number(.nan)
    case "Infinity": return .number(.infinity)
    case "-Infinity": return .number(-.infinity)
    default: break
    }
    if let number = Self.number(text) { return number }
    place = start
    throw problem(text.isEmpty ? "expected a value" : "expected a value, found \(text.prefix(20))")
  }

  private static func isPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// A number as JSON writes it; whole ones are integers, however they are written.
  private static func number(_ text: String) -> FieldValue? {
    guard let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) })
    else { return nil }
    if let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text) else { return nil }
    return Int(exactly: number).map { .integer($0) } ?? .number(number)
  }
}
