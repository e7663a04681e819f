package import Foundation

/// A value of a configuration file or of a checkpoint's metadata.
package enum FieldValue: Sendable, Equatable {
  case null
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([FieldValue])
  case object([String: FieldValue])
}

extension FieldValue: Decodable {
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let integer = try? value.decode(Int.self) {
      self = .integer(integer)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([FieldValue].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: FieldValue].self))
    }
  }
}

extension FieldValue: CustomStringConvertible {
  package var description: String {
    switch self {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .text(let text): "\"\(text)\""
    case .list(let list): "a list of \(list.count)"
    case .object(let object): "an object with \(object.keys.sorted().joined(separator: ", "))"
    }
  }
}

/// The fields of a configuration, asked for by name and checked when they are.
package struct Fields {
  package let file: String
  package let values: [String: FieldValue]

  package init(file: String, values: [String: FieldValue]) {
    self.file = file
    self.values = values
  }

  /// Reads a JSON object from a file.
  package init(json url: URL) throws(CheckpointError) {
    let data = try TensorFile.map(url)
    do {
      values = try JSONDecoder().decode([String: FieldValue].self, from: data)
      file = url.path
    } catch {
      throw CheckpointError(url.path, .malformed("the file should hold one JSON object"))
    }
  }

  /// A whole number inside a range; `fallback` when the field is absent or null.
  package func integer(
    _ name: String, in range: ClosedRange<Int> = 1...(1 << 20), default fallback: Int? = nil
  ) throws(CheckpointError) -> Int {
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard let found = present(name) else { return try required(fallback, name, expected) }
    guard case .integer(let integer) = found, range.contains(integer) else {
      throw CheckpointError(file, .badField(name, expected: expected, found: "\(found)"))
    }
    return integer
  }

  /// A positive finite number.
  package func number(_ name: String, default fallback: Double? = nil) throws(CheckpointError)
    -> Double
  {
    let expected = "a positive number"
    guard let found = present(name) else { return try required(fallback, name, expected) }
    let number: Double? =
      switch found {
      case .integer(let integer): Double(integer)
      case .number(let number): number
      default: nil
      }
    guard let number, number > 0, number.isFinite else {
      throw CheckpointError(file, .badField(name, expected: expected, found: "\(found)"))
    }
    return number
  }

  /// True or false.
  package func flag(_ name: String, default fallback: Bool) throws(CheckpointError) -> Bool {
    guard let found = present(name) else { return fallback }
    guard case .flag(let flag) = found else {
      throw CheckpointError(file, .badField(name, expected: "true or false", found: "\(found)"))
    }
    return flag
  }

  /// One of several values by name.
  package func choice<Value>(
    _ name: String, of choices: KeyValuePairs<String, Value>, default fallback: Value? = nil
  ) throws(CheckpointError) -> Value {
    let expected = "one of " + choices.map(\.key).joined(separator: ", ")
    guard let found = present(name) else { return try required(fallback, name, expected) }
    guard case .text(let text) = found, let choice = choices.first(where: { $0.key == text }) else {
      throw CheckpointError(file, .badField(name, expected: expected, found: "\(found)"))
    }
    return choice.value
  }

  /// A text; nil when absent.
  package func text(_ name: String) -> String? {
    guard case .text(let text) = present(name) else { return nil }
    return text
  }

  /// The texts of a list.
  package func texts(_ name: String) throws(CheckpointError) -> [String] {
    guard case .list(let list) = present(name) else {
      throw CheckpointError(
        file, .badField(name, expected: "a list of texts", found: "\(present(name) ?? .null)"))
    }
    var texts: [String] = []
    for value in list {
      guard case .text(let text) = value else {
        throw CheckpointError(file, .badField(name, expected: "only texts", found: "\(value)"))
      }
      texts.append(text)
    }
    return texts
  }

  /// The fields of an object; nil when absent.
  package func object(_ name: String) -> Fields? {
    guard case .object(let values) = present(name) else { return nil }
    return Fields(file: file, values: values)
  }

  /// Whether the field is there and not null.
  package func contains(_ name: String) -> Bool { present(name) != nil }

  private func present(_ name: String) -> FieldValue? {
    values[name].flatMap { $0 == .null ? nil : $0 }
  }

  private func required<Value>(
    _ fallback: Value?, _ name: String, _ expected: String
  ) throws(CheckpointError) -> Value {
    guard let fallback else {
      throw CheckpointError(file, .badField(name, expected: expected, found: "nothing"))
    }
    return fallback
  }
}
