import Foundation
import Tensors

/// Changes files in ways that files go wrong; the same seed gives the same changes.
struct Mutator {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// What tends to be the edge of something.
  private static let words = [
    "NaN", "-1", "0", "1e400", "9223372036854775807", "-9223372036854775808", "4294967296", "1.5",
    "null",
    "true", "\"\"", "[", "]", "{", "}", "\"", ",", ":", "\\u", "\u{FEFF}", "\u{0}", "\r\n", "\t",
    ";", "-", "<",
    "a0.h0", "[[", "é",
  ].map { Data($0.utf8) }
  private static let bytes: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, 0x22, 0x5B, 0x7B]

  /// A changed file: one change, or up to eight.
  mutating func mutated(_ data: Data, other: Data) -> Data {
    var data = Data(data)
    let most = Bool.random(using: &generator) ? 1 : 8
    for _ in 0..<Int.random(in: 1...most, using: &generator) { change(&data, other) }
    return data
  }

  private mutating func place(_ data: Data) -> Int {
    // Headers are where sizes and offsets are.
    let most = Bool.random(using: &generator) ? min(data.count, 200) : data.count
    return Int.random(in: 0...most, using: &generator)
  }

  private mutating func change(_ data: inout Data, _ other: Data) {
    let start = place(data)
    let end = min(start + Int.random(in: 0...16, using: &generator), data.count)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0 where start < data.count: data[start] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1 where start < data.count: data[start] = Self.bytes.randomElement(using: &generator) ?? 0
    case 2: data.removeSubrange(start..<end)
    case 3: data.insert(contentsOf: Data(data[start..<end]), at: end)
    case 4:
      data.replaceSubrange(start..<end, with: Self.words.randomElement(using: &generator) ?? Data())
    case 5: replaceNumber(&data, from: start)
    case 6: data = data.prefix(start)
    default:
      let first = place(other)
      let part = other[first..<min(first + 64, other.count)]
      data.replaceSubrange(start..<end, with: Data(part))
    }
    data = Data(data)
  }

  /// Puts another number into the place of the next one.
  private mutating func replaceNumber(_ data: inout Data, from start: Int) {
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    guard let first = data[start...].firstIndex(where: isDigit) else { return }
    let end = data[first...].firstIndex { !isDigit($0) } ?? data.endIndex
    data.replaceSubrange(first..<end, with: Self.words.randomElement(using: &generator) ?? Data())
  }

  mutating func pick(below count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
}
