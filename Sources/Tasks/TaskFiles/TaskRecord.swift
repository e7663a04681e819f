import Files
import Foundation
import Graphs

/// A prompt or answer as a file writes it: text, one token id or several.
enum TextOrTokens: Equatable {
  case text(String)
  case tokens([Int32])

  /// Nil for anything else.
  init?(_ value: FieldValue?) {
    switch value {
    case .text(let text): self = .text(text)
    case .integer(let token):
      guard let token = Int32(exactly: token) else { return nil }
      self = .tokens([token])
    case .list:
      guard let integers = value?.integers else { return nil }
      let tokens = integers.compactMap { Int32(exactly: $0) }
      guard tokens.count == integers.count else { return nil }
      self = .tokens(tokens)
    default: return nil
    }
  }

  var isText: Bool { if case .text = self { true } else { false } }
}

/// A pair of prompts as a file writes it, whatever the file calls its parts.
struct TaskRecord {
  var clean: TextOrTokens
  var corrupted: TextOrTokens
  var answers: [TextOrTokens] = []
  var wrongAnswers: [TextOrTokens] = []
  /// Parts of the clean prompt that have names; nil when none are given.
  var marks: [SpanMark]?
  /// The name of each token's part, where a file gives them one by one.
  var labels: [String]?
}

/// The named values of one record: those of a JSON object, or the cells of a row.
struct RecordFields {
  let values: [String: FieldValue]
  /// Whether they are cells, which do not tell a number from a text of digits.
  let areCells: Bool

  init(_ object: [String: FieldValue]) {
    values = object
    areCells = false
  }

  /// Takes cells: one that is a JSON list is a list, and every other one is text.
  init(columns: [String], cells: [String]) {
    values = Dictionary(
      uniqueKeysWithValues: zip(columns, cells).map { column, cell in
        guard cell.hasPrefix("["), case .list(let list) = try? FieldValue(json: .init(cell.utf8))
        else { return (column, .text(cell)) }
        return (column, .list(list))
      })
    areCells = true
  }

  /// What the fields are called, in a sentence.
  var names: String {
    let names = values.keys.sorted()
    let kind = areCells ? "column" : "key"
    return names.isEmpty
      ? "no \(kind)s"
      : "the \(kind)\(names.count > 1 ? "s" : "") \(names.joined(separator: ", ").shortened)"
  }

  func has(_ names: String...) -> Bool { names.allSatisfy { values[$0] != nil } }

  func text(_ name: String) -> String? {
    if case .text(let text) = values[name] { text } else { nil }
  }

  /// A prompt: a text or a list of token ids.
  func prompt(_ name: String) throws(RecordProblem) -> TextOrTokens {
    guard let value = values[name] else { throw .lacks(name, self) }
    guard let prompt = TextOrTokens(value) else {
      throw RecordProblem("\(name) should be a text or a list of token ids, found \(value)")
    }
    return prompt
  }

  /// The answers of the first of some fields that is there: one or a list, each a text or a token id.
  ///
  /// - Parameters:
  ///   - names: What the field may be called.
  ///   - prompt: The prompt that they answer: of token ids, whole numbers in cells are such ids, too.
  /// - Returns: The answers; none when no field is there or it is empty.
  /// - Throws: ``RecordProblem`` for anything else.
  func answers(
    _ names: [String], to prompt: TextOrTokens
  ) throws(RecordProblem) -> [TextOrTokens] {
    guard let name = names.first(where: { values[$0] != nil }), let value = values[name] else {
      return []
    }
    let areIds = name.hasSuffix("_idx") || !prompt.isText
    switch value {
    case .null: return []
    case .text(let text) where areCells && text.isEmpty: return []
    case .text(let text) where areCells && areIds:
      guard let token = Int32(text) else {
        throw RecordProblem("\(name) should be a token id or a list of them, found \(value)")
      }
      return [.tokens([token])]
    case .list(let list):
      if let count = list.countPerPosition, !prompt.isText {
        throw RecordProblem(
          """
          \(name) is a list of \(count) lists, one for each position, which are not read: give the answers \
          after the last token as one list
          """)
      }
      return try list.map { item throws(RecordProblem) in try answer(item, name) }
    default: return [try answer(value, name)]
    }
  }

  private func answer(_ value: FieldValue, _ name: String) throws(RecordProblem) -> TextOrTokens {
    guard let answer = TextOrTokens(value) else {
      throw RecordProblem(
        "\(name) should be a text, a token id, or a list of them, found \(value)")
    }
    return answer
  }
}

extension [FieldValue] {
  /// How many lists there are when all are, and several.
  fileprivate var countPerPosition: Int? {
    count > 1 && allSatisfy { if case .list = $0 { true } else { false } } ? count : nil
  }
}

/// What is wrong with a record, as part of a sentence.
struct RecordProblem: Error {
  let what: String

  init(_ what: String) { self.what = what }

  static func lacks(_ name: String, _ fields: RecordFields) -> RecordProblem {
    RecordProblem("expected \(name), found \(fields.names)")
  }
}
