import Foundation

// Texts, numbers and the words of JSON.

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
    guard place + 4 <= bytes.count else { throw problem("expected four hexadecimal digits") }
    var unit: UInt32 = 0
    for byte in bytes[place..<(place + 4)] {
      guard let digit = Self.hexadecimal(byte) else {
        throw problem("expected four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
    }
    place += 4
    return unit
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// A number, or one of the words.
  mutating func word() throws(Problem) -> FieldValue {
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
