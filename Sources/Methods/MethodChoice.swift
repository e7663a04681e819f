public import Graphs

/// A method and the options that are set, written `NAME:option=value:switch`, such as `acdc:tau=0.001/0.01:absolute`.
public struct MethodChoice: Sendable, Hashable {
  /// The method.
  public let method: MethodEntry
  /// The method's name.
  public var name: String { method.name }
  /// The values that were set, by option, as they are written.
  public private(set) var values: [String: String]

  /// Chooses a method with options.
  ///
  /// - Parameters:
  ///   - method: The method.
  ///   - values: Values by option, as they are written.
  /// - Throws: ``MethodError`` for an option that the method does not have, or a value that the option does not take.
  public init(_ method: MethodEntry, values: [String: String] = [:]) throws(MethodError) {
    self.method = method
    self.values = [:]
    for (option, text) in values.sorted(by: { $0.key < $1.key }) { try set(option, text) }
  }

  /// Reads `NAME:option=value:switch`.
  ///
  /// - Throws: ``MethodError`` for an unknown method or option, an option that is set twice, or a value that an
  ///   option does not take.
  public init(_ text: String) throws(MethodError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    try self.init(DiscoveryMethods.named(String(parts[0])))
    for part in method.options(in: parts.dropFirst()) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard values[String(sides[0])] == nil else {
        throw .badOption(String(sides[0]), of: name, expected: "one value", found: text)
      }
      try set(String(sides[0]), sides.count == 2 ? String(sides[1]) : "")
    }
  }

  /// Reads several methods with commas between them.
  ///
  /// - Throws: ``MethodError`` as for one.
  public static func list(_ text: String) throws(MethodError) -> [MethodChoice] {
    var choices: [MethodChoice] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      choices.append(try MethodChoice(String(part)))
    }
    return choices
  }

  private mutating func set(_ option: String, _ text: String) throws(MethodError) {
    let options = method.options
    guard let found = options.first(where: { $0.name == option }) else {
      throw .unknownOption(option, of: name, known: options.map(\.name))
    }
    guard let value = found.canonical(text), !text.isEmpty || found.isSwitch else {
      throw .badOption(option, of: name, expected: found.expected, found: text)
    }
    values[option] = value
  }

  /// The choice with values where it sets none.
  ///
  /// - Parameter others: Values by option, which the method must take.
  /// - Returns: The choice.
  public func completed(by others: [String: String]) -> MethodChoice {
    var copy = self
    copy.values = others.merging(values) { $1 }
    return copy
  }

  /// The method's options.
  ///
  /// - Parameters:
  ///   - seed: Where random choices start.
  ///   - edges: The edges of the file that an option names; nil for all.
  ///   - start: The scores of the file that an option names; nil for none.
  ///   - scores: The scores of the runs that an ensemble has as members, by their paths.
  /// - Returns: What ``MethodEntry/make`` takes.
  public func options(
    seed: UInt64 = 0, edges: [Edge]? = nil, start: EdgeScores? = nil,
    scores: [String: EdgeScores] = [:]
  ) -> MethodOptions {
    MethodOptions(values: values, seed: seed, edges: edges, start: start, scores: scores)
  }

  /// As it is written: the name and the options that are set, in the method's order.
  public var text: String {
    ([name]
      + method.options.compactMap { option in
        values[option.name].map { value in
          option.isSwitch && value == "true" ? option.name : "\(option.name)=\(value)"
        }
      }).joined(separator: ":")
  }

  /// Whether two choices are of one method and set the same values.
  public static func == (left: MethodChoice, right: MethodChoice) -> Bool {
    left.name == right.name && left.values == right.values
  }

  /// Hashes name and values.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(values)
  }
}

extension MethodChoice: CustomStringConvertible {
  /// The name with all options, set or not: `eap-ig with steps 5, rule left`; long lists by their ends.
  public var description: String {
    let options = method.options.compactMap { option -> String? in
      let value = values[option.name] ?? option.standardText
      if option.isSwitch { return value == "true" ? option.name : nil }
      let parts = value.split(separator: "/")
      guard parts.count > 4, Double(parts[0]) != nil else {
        return value.isEmpty ? nil : "\(option.name) \(value)"
      }
      return "\(parts.count) \(option.name) from \(parts[0]) to \(parts[parts.count - 1])"
    }
    return options.isEmpty ? name : "\(name) with \(options.joined(separator: ", "))"
  }
}

extension MethodChoice: Codable {
  /// Reads what ``encode(to:)`` wrote: the text.
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// The options of a method, of which only those that were set are held.
public struct MethodOptions: Sendable {
  /// The name of the option for a file of scores to start from.
  public static let startName = "init"

  private let values: [String: String]
  /// Where random choices start.
  public let seed: UInt64
  /// The edges that a method is to look at; nil for all.
  public let edges: [Edge]?
  /// The scores that a method starts from; nil for none.
  public let start: EdgeScores?
  /// The scores of the runs that an ensemble has as members, by their paths.
  public let scores: [String: EdgeScores]

  /// Takes values by option, as they are written.
  public init(
    values: [String: String] = [:], seed: UInt64 = 0, edges: [Edge]? = nil,
    start: EdgeScores? = nil, scores: [String: EdgeScores] = [:]
  ) {
    self.values = values
    self.seed = seed
    self.edges = edges
    self.start = start
    self.scores = scores
  }

  /// The value of an option: what was set, or the standard.
  public subscript<Value>(option: MethodOption<Value>) -> Value {
    values[option.name].flatMap(option.parse) ?? option.standard
  }
}

extension MethodEntry {
  /// Puts the parts of a value together that has colons in it, such as a path: what follows on one and names no option
  /// is more of it.
  fileprivate func options(in parts: some Sequence<Substring>) -> [String] {
    parts.reduce(into: []) { texts, part in
      let name = { (text: String) in text.prefix { $0 != "=" } }
      let option = { (text: String) in options.first { $0.name == name(text) } }
      if let last = texts.last, option(last)?.mayHoldColons ?? false, option(String(part)) == nil {
        texts[texts.count - 1] += ":" + part
      } else {
        texts.append(String(part))
      }
    }
  }
}
