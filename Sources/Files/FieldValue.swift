package import Foundation
import Graphs

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

extension FieldValue {
  /// The value of a JSON text, in which Python's NaN and Infinity are numbers.
  ///
  /// - Throws: What is wrong with it and where, as part of a sentence.
  package init(json: Data) throws(JSONProblem) {
    do throws(JSONReader.Problem) {
      self = try JSONReader.value(json)
    } catch {
      throw JSONProblem(description: error.sentence)
    }
  }

  /// Hands out the values of a text that holds one JSON value after another, in lines or not.
  ///
  /// - Throws: ``JSONProblem`` where the text is not JSON.
  package static func forEach(
    json: Data, _ body: (FieldValue) -> Void
  ) throws(JSONProblem) {
    do throws(JSONReader.Problem) {
      var reader = JSONReader(json)
      while reader.peek() != nil { body(try reader.value()) }
    } catch {
      throw JSONProblem(description: error.sentence)
    }
  }

  /// The whole numbers of a list; nil for anything else.
  package var integers: [Int]? {
    guard case .list(let list) = self else { return nil }
    var integers: [Int] = []
    for case .integer(let integer) in list { integers.append(integer) }
    return integers.count == list.count ? integers : nil
  }

  /// What kind of value it is, in a word.
  package var kind: String {
    switch self {
    case .null: "null"
    case .flag: "true or false"
    case .integer, .number: "a number"
    case .text: "a text"
    case .list: "a list"
    case .object: "an object"
    }
  }
}

/// What is wrong with a JSON text and where, as part of a sentence.
package struct JSONProblem: Error, CustomStringConvertible {
  package let description: String

  /// Takes part of a sentence.
  package init(description: String) { self.description = description }
}

extension FieldValue: CustomStringConvertible {
  package var description: String {
    switch self {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .text(let text): "\"\(text.shortened)\""
    case .list(let list): "a list of \(list.count)"
    case .object(let object):
      "an object with \(object.keys.sorted().joined(separator: ", ").shortened)"
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
    let fault = { (what: String) in
      CheckpointError(url.path, .malformed("the file should hold one JSON object; " + what))
    }
    let value: FieldValue
    do { value = try FieldValue(json: data) } catch { throw fault(error.description) }
    guard case .object(let fields) = value else { throw fault("it holds \(value.kind)") }
    (file, values) = (url.path, fields)
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
