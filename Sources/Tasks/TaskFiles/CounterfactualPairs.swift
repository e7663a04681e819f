import Files

/// Records of MIB (arXiv 2504.13151): a `prompt` with `choices` of which `answerKey` counts the right one, and
/// counterfactuals that have the same.
///
/// What is right for the counterfactual is wrong for the prompt; where both have one answer, the other choices are.
/// Choices are words, so a space stands before them, unless the prompt ends in one.
enum CounterfactualPairs: TaskFormat {
  static let fields = "prompt, choices, answerKey and a …_counterfactual"

  private static let ending = "_counterfactual"
  /// Those that MIB's circuits are found with come first.
  private static let preferred = ["s2_io_flip", "symbol", "random"].map { $0 + ending }

  private static func counterfactuals(_ fields: RecordFields) -> [String] {
    let all = fields.values.keys.filter { $0.hasSuffix(ending) }.sorted()
    return preferred.filter(all.contains) + all.filter { !preferred.contains($0) }
  }

  static func fits(_ fields: RecordFields) -> Bool {
    fields.has("prompt") && !counterfactuals(fields).isEmpty
  }

  static func record(_ fields: RecordFields) throws(RecordProblem) -> TaskRecord {
    guard let name = counterfactuals(fields).first,
      case .object(let values) = fields.values[name]
    else { throw .lacks("a …_counterfactual with a prompt", fields) }
    let other = RecordFields(values)
    let clean = try fields.prompt("prompt")
    var record = TaskRecord(clean: clean, corrupted: try other.prompt("prompt"))
    guard let choices = try choices(fields) else { return record }
    let right = choices.texts[choices.right]
    record.answers = [answer(right, to: clean)]
    let flipped = try self.choices(other).map { $0.texts[$0.right] }
    let wrong =
      flipped.map { $0 == right ? [] : [$0] } ?? []
    record.wrongAnswers = (wrong.isEmpty ? choices.texts.filter { $0 != right } : wrong)
      .map { answer($0, to: clean) }
    return record
  }

  private static func answer(_ text: String, to prompt: TextOrTokens) -> TextOrTokens {
    guard case .text(let prompt) = prompt, prompt.last?.isWhitespace ?? true else {
      return .text(text.first?.isWhitespace ?? true ? text : " " + text)
    }
    return .text(text)
  }

  /// The choices and the place of the right one; nil when there are none.
  private static func choices(
    _ fields: RecordFields
  ) throws(RecordProblem) -> (texts: [String], right: Int)? {
    guard let value = fields.values["choices"] else { return nil }
    guard case .list(let list) = value else {
      throw RecordProblem("choices should be a list of texts, found \(value)")
    }
    var texts: [String] = []
    for case .text(let text) in list { texts.append(text) }
    guard texts.count == list.count, case .integer(let right) = fields.values["answerKey"],
      texts.indices.contains(right)
    else {
      throw RecordProblem(
        "choices should be texts, and answerKey the place of one of these \(list.count), counted from 0"
      )
    }
    return (texts, right)
  }
}
