import Files
public import Foundation
public import Engine
import SwiftCSV

/// A prompt or answer in a task file: text, one token id or several.
private enum TextOrTokens: Decodable {
  case text(String)
  case tokens([Int32])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let token = try? value.decode(Int32.self) {
      self = .tokens([token])
    } else {
      self = .tokens(try value.decode([Int32].self))
    }
  }
}

/// Answers in a task file: one or a list, each a text or a token id.
private struct Answers: Decodable {
  let values: [TextOrTokens]

  init(_ values: [TextOrTokens]) { self.values = values }

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let list = try? value.decode([TextOrTokens].self) {
      values = list
    } else {
      values = [try value.decode(TextOrTokens.self)]
    }
  }
}

/// One pair as a task file writes it; `corrupt` is auto-circuit's word.
private struct Record: Decodable {
  let clean: TextOrTokens
  let corrupted: TextOrTokens
  let answers: [TextOrTokens]
  let wrongAnswers: [TextOrTokens]

  enum CodingKeys: String, CodingKey {
    case clean, corrupted, corrupt, answers, wrong_answers
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    clean = try fields.decode(TextOrTokens.self, forKey: .clean)
    let key = fields.contains(.corrupt) ? CodingKeys.corrupt : .corrupted
    corrupted = try fields.decode(TextOrTokens.self, forKey: key)
    answers = try fields.decodeIfPresent(Answers.self, forKey: .answers)?.values ?? []
    wrongAnswers = try fields.decodeIfPresent(Answers.self, forKey: .wrong_answers)?.values ?? []
  }

  init(csv row: [String: String], cell: (String) throws -> TextOrTokens) throws {
    clean = try cell("clean")
    corrupted = try cell("corrupted")
    let list = { (name: String) throws -> [TextOrTokens] in
      guard let text = row[name], !text.isEmpty else { return [] }
      guard text.hasPrefix("[") else { return [.text(text)] }
      return try JSONDecoder().decode(Answers.self, from: Data(text.utf8)).values
    }
    answers = try list("answers")
    wrongAnswers = try list("wrong_answers")
  }
}

/// Prompt pairs from a file.
public enum TaskFile {
  /// The pairs of a file, and how many were left out.
  public struct Contents: Sendable {
    /// The pairs, in the file's order.
    public let pairs: [PromptPair]
    /// The number of each pair in the file, counted from 1; blank lines do not count.
    public let numbers: [Int]
    /// Pairs left out because their prompts differ in length.
    public let skippedCount: Int
  }

  /// Reads pairs with the fields `clean`, `corrupted`, `answers` and `wrong_answers`.
  ///
  /// JSONL has an object in each line. CSV has these columns; a cell that starts with `[` is a JSON
  /// list. JSON is auto-circuit's: an object with a list `prompts`, where `corrupted` may be called
  /// `corrupt`. Prompts are text or lists of token ids; answers are texts or token ids, one or a list.
  /// Text gets the model's start token, if it has one; token ids are taken as they are.
  ///
  /// - Parameters:
  ///   - url: A file that ends in `.jsonl`, `.csv` or `.json`.
  ///   - model: The model whose tokens are used.
  ///   - skipsUnequal: Whether pairs of unequal token lengths are left out instead of refused.
  /// - Returns: The pairs and how many were left out.
  /// - Throws: ``TaskError``, which names the record or pair.
  public static func read(
    _ url: URL, model: Transformer, skipsUnequal: Bool = false
  ) throws(TaskError) -> Contents {
    let data: Data
    do {
      data = try RegularFile.contents(url)
    } catch {
      throw .unreadable(file: url.path, reason: reason(of: error))
    }
    let records =
      switch url.pathExtension {
      case "jsonl": try jsonLines(data, url.path)
      case "csv": try csv(data, url.path)
      case "json": try promptJSON(data, url.path)
      default: throw .unknownFormat(file: url.path)
      }
    var pairs: [PromptPair] = []
    var numbers: [Int] = []
    let resolver = Resolver(task: url.lastPathComponent, tokenizer: model.tokenizer)
    for (index, record) in records.enumerated() {
      do throws(TaskError) {
        pairs.append(try resolver.pair(record, number: index + 1))
        numbers.append(index + 1)
      } catch {
        guard skipsUnequal, case .lengthsDiffer = error else { throw error }
      }
    }
    return Contents(
      pairs: pairs, numbers: numbers, skippedCount: records.count - pairs.count)
  }

  private static let shape =
    "expected clean and corrupted (text or token ids), answers and wrong_answers (texts or ids)"

  private static func jsonLines(_ data: Data, _ file: String) throws(TaskError) -> [Record] {
    var records: [Record] = []
    for line in data.split(separator: UInt8(ascii: "\n")) {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      do {
        records.append(try JSONDecoder().decode(Record.self, from: line))
      } catch {
        throw .malformed(file: file, record: records.count + 1, shape + place(of: error))
      }
    }
    return records
  }

  private static func promptJSON(_ data: Data, _ file: String) throws(TaskError) -> [Record] {
    struct Prompts: Decodable { let prompts: [FailableRecord] }
    struct FailableRecord: Decodable {
      let record: Record?
      init(from decoder: any Decoder) throws { record = try? Record(from: decoder) }
    }
    guard let prompts = try? JSONDecoder().decode(Prompts.self, from: data).prompts else {
      throw .malformed(file: file, record: 0, "expected a JSON object with a list \"prompts\"")
    }
    return try records(prompts.map(\.record), in: file)
  }

  private static func records(_ found: [Record?], in file: String) throws(TaskError) -> [Record] {
    var records: [Record] = []
    for (index, record) in found.enumerated() {
      guard let record else { throw .malformed(file: file, record: index + 1, shape) }
      records.append(record)
    }
    return records
  }

  /// The first record in which a space follows a comma outside of quotes; the header is 0.
  private static func recordWithLeadingSpace(_ text: Substring) -> Int? {
    var (isQuoted, last, record) = (false, Character(","), 0)
    for character in text {
      if character == "\"" { isQuoted.toggle() }
      if !isQuoted, last == ",", character == " " || character == "\t" { return record }
      if !isQuoted, character.isNewline { record += 1 }
      last = character
    }
    return nil
  }

  private static func csv(_ data: Data, _ file: String) throws(TaskError) -> [Record] {
    // Spreadsheets put a byte-order mark first.
    let text = String(decoding: data, as: UTF8.self).drop { $0 == "\u{FEFF}" }
    // The library drops spaces before a cell without quotes, and answers often start with one.
    if let record = recordWithLeadingSpace(text) {
      throw .malformed(
        file: file, record: record, "a cell that starts with a space should be written in quotes")
    }
    guard let table = try? CSV<Named>(string: String(text), delimiter: .comma) else {
      throw .malformed(file: file, record: 0, "the file is not well-formed CSV")
    }
    for column in ["clean", "corrupted"] where !table.header.contains(column) {
      throw .malformed(file: file, record: 0, "the header lacks the column \"\(column)\"; " + shape)
    }
    return try records(
      table.rows.map { row in
        try? Record(csv: row) { name in
          let text = row[name] ?? ""
          return text.hasPrefix("[")
            ? try JSONDecoder().decode(TextOrTokens.self, from: Data(text.utf8)) : .text(text)
        }
      }, in: file)
  }
}

/// Turns records into tokens.
private struct Resolver {
  let task: String
  let tokenizer: (any Tokenizer)?

  func pair(_ record: Record, number: Int) throws(TaskError) -> PromptPair {
    let clean = try prompt(record.clean)
    let corrupted = try prompt(record.corrupted)
    guard !clean.isEmpty, !corrupted.isEmpty else { throw .emptyPrompt(pair: number) }
    guard clean.count == corrupted.count else {
      throw .lengthsDiffer(pair: number, clean: clean.count, corrupted: corrupted.count)
    }
    return PromptPair(
      clean: clean, corrupted: corrupted, answers: try answers(record.answers, number),
      wrongAnswers: try answers(record.wrongAnswers, number))
  }

  private func prompt(_ value: TextOrTokens) throws(TaskError) -> [Int32] {
    switch value {
    case .tokens(let tokens): return tokens
    case .text(let text):
      guard let tokenizer else { throw .noTokenizer(task: task) }
      return (tokenizer.startToken.map { [$0] } ?? []) + tokenizer.encode(text)
    }
  }

  private func answers(_ values: [TextOrTokens], _ number: Int) throws(TaskError) -> [Int32] {
    var answers: [Int32] = []
    for value in values {
      switch value {
      case .tokens(let tokens): answers += try single(tokens, "\(tokens)", number)
      case .text(let text):
        guard let tokenizer else { throw .noTokenizer(task: task) }
        answers += try single(tokenizer.encode(text), text, number)
      }
    }
    return answers
  }

  private func single(
    _ tokens: [Int32], _ answer: String, _ number: Int
  ) throws(TaskError) -> [Int32] {
    guard tokens.count == 1 else {
      throw .answerNotOneToken(pair: number, answer: answer, tokens: tokens.count)
    }
    return tokens
  }
}
