/// A number of bytes as people write it: `8G`, `512M`, `1.5GiB`.
public struct ByteCount: Sendable, Equatable {
  /// The number.
  public let bytes: Int

  private static let units: [(letter: Character, bytes: Double)] = [
    ("K", 0x1p10), ("M", 0x1p20), ("G", 0x1p30), ("T", 0x1p40),
  ]

  /// Reads a number above zero with a unit of 1,024, 1,024², 1,024³ or 1,024⁴ bytes; nil for anything else.
  public init?(_ text: String) {
    var rest = text.uppercased()[...]
    for suffix in ["IB", "B"] where rest.hasSuffix(suffix) {
      rest = rest.dropLast(suffix.count)
      break
    }
    guard let unit = Self.units.first(where: { $0.letter == rest.last }),
      let number = Double(rest.dropLast()), number > 0, number * unit.bytes < 1e15
    else { return nil }
    bytes = Int(number * unit.bytes)
  }
}
