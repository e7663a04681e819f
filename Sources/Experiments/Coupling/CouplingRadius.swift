/// How far the scores of a task may be from those at the centre of all tasks: ε, a number of 0 or more, or `inf`.
///
/// For methods that score edges it is relative to the root mean square length of the tasks' vectors, see
/// `CoupledScores`; for those that train a mask it is the root mean square distance of one trained number.
public struct CouplingRadius: Sendable, Hashable {
  /// The number.
  public let value: Double

  /// Takes a number; nil for one below 0 or none.
  public init?(_ value: Double) {
    guard value >= 0 else { return nil }
    self.value = value
  }

  /// Reads what is typed, such as `0.3` or `inf`; nil for anything else.
  public init?(_ text: String) {
    guard let value = text == "inf" ? .infinity : Double(text), value.isFinite || text == "inf"
    else { return nil }
    self.init(value)
  }
}

extension CouplingRadius: CustomStringConvertible {
  /// As it is typed: without a point where there is nothing behind it.
  public var description: String {
    guard value.isFinite else { return "inf" }
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension CouplingRadius: Codable {
  /// Reads what ``encode(to:)`` wrote: the text, for JSON has no infinity.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let radius = CouplingRadius(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(text) is no radius"))
    }
    self = radius
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
