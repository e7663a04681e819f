public import Foundation

/// An option of a method: its name, what it means, and which values it takes.
public struct MethodOption<Value: Sendable>: Sendable {
  /// The name, as in `NAME:option=value`.
  public let name: String
  /// What it means.
  public let summary: String
  /// The values that it takes, in words.
  public let expected: String
  /// What holds when nothing is said.
  public let standard: Value
  /// Whether there may be colons in its values, as in paths and in methods with options.
  public var mayHoldColons = false
  let parse: @Sendable (String) -> Value?
  let text: @Sendable (Value) -> String
}

/// What is known of an option without knowing what type its values have.
public protocol MethodOptionDescription: Sendable {
  /// The name, as in `NAME:option=value`.
  var name: String { get }
  /// What it means.
  var summary: String { get }
  /// The values that it takes, in words.
  var expected: String { get }
  /// Whether the name alone is a value: that of a switch.
  var isSwitch: Bool { get }
  /// Whether its values are paths.
  var isFile: Bool { get }
  /// Whether there may be colons in its values, as in paths and in methods with options.
  var mayHoldColons: Bool { get }
  /// A value as it is written; nil when the text is no value.
  func canonical(_ text: String) -> String?
  /// What holds when nothing is said, as it is written; empty for nothing.
  var standardText: String { get }
}

extension MethodOption: MethodOptionDescription {
  /// Whether the name alone is a value: that of a switch.
  public var isSwitch: Bool { Value.self == Bool.self }
  /// Whether its values are paths.
  public var isFile: Bool { Value.self == URL?.self }
  /// A value as it is written; nil when the text is no value.
  public func canonical(_ text: String) -> String? { parse(text).map(self.text) }
  /// What holds when nothing is said, as it is written; empty for nothing.
  public var standardText: String { text(standard) }
}

extension MethodOption<Int> {
  /// A whole number within bounds.
  public static func count(
    _ name: String, _ summary: String, standard: Int, in bounds: ClosedRange<Int> = 1...1_000_000
  ) -> MethodOption {
    MethodOption(
      name: name, summary: summary,
      expected: "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)",
      standard: standard, parse: { Int($0).flatMap { bounds.contains($0) ? $0 : nil } },
      text: { "\($0)" })
  }
}

extension MethodOption<Double> {
  /// A number of at least, or of more than, zero.
  public static func number(
    _ name: String, _ summary: String, standard: Double, canBeZero: Bool
  ) -> MethodOption {
    MethodOption(
      name: name, summary: summary,
      expected: canBeZero ? "a number of 0 or more" : "a number of more than 0",
      standard: standard,
      parse: { Double($0).flatMap { $0.isFinite && ($0 > 0 || canBeZero && $0 == 0) ? $0 : nil } },
      text: { "\($0)" })
  }
}

extension MethodOption<[Double]> {
  /// One or several positive numbers with slashes between them.
  public static func numbers(_ name: String, _ summary: String, standard: [Double]) -> MethodOption
  {
    MethodOption(
      name: name, summary: summary,
      expected: "one or several positive numbers with slashes between them, such as 0.001/0.01",
      standard: standard,
      parse: { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
        let numbers = parts.compactMap(\.self).filter { $0 > 0 && $0.isFinite }
        return numbers.count == parts.count ? numbers : nil
      }, text: { $0.map { "\($0)" }.joined(separator: "/") })
  }
}

extension MethodOption<Bool> {
  /// A switch, off unless it is named.
  public static func flag(_ name: String, _ summary: String) -> MethodOption {
    MethodOption(
      name: name, summary: summary, expected: "nothing, true or false", standard: false,
      parse: { ["": true, "true": true, "false": false][$0] }, text: { $0 ? "true" : "false" })
  }
}

extension MethodOption<URL?> {
  /// A path.
  public static func file(_ name: String, _ summary: String) -> MethodOption {
    MethodOption(
      name: name, summary: summary,
      expected: "the path of a run or circuit file", standard: nil,
      mayHoldColons: true,
      // A tilde that the shell has left is part of a name.
      parse: { text in
        text.isEmpty ? nil : URL(filePath: text.hasPrefix("~") ? "./" + text : text)
      }, text: { $0?.path ?? "" })
  }
}

extension MethodOption where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of several names.
  public static func choice(_ name: String, _ summary: String, standard: Value) -> MethodOption {
    let names = Value.allCases.map(\.rawValue)
    return MethodOption(
      name: name, summary: summary,
      expected: names.dropLast().joined(separator: ", ") + " or \(names.last ?? "")",
      standard: standard, parse: { Value(rawValue: $0) }, text: { $0.rawValue })
  }
}
