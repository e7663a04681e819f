import Foundation

/// A share above 0 and up to 10, written `85%` or `0.85`.
public struct Share: Sendable, Equatable {
  /// The share: 0.85.
  public let value: Double

  /// Reads a share; nil when the text is none.
  public init?(_ text: String) {
    let isPercent = text.hasSuffix("%")
    let digits = isPercent ? text.dropLast() : text[...]
    guard let number = Double(digits.replacing(" ", with: "")), number > 0, number.isFinite else {
      return nil
    }
    value = isPercent ? number / 100 : number
    guard value <= 10 else { return nil }
  }
}
