/// Why a task cannot be made.
public enum TaskError: Error, Equatable, CustomStringConvertible {
  /// A file cannot be opened.
  case unreadable(file: String, reason: String)
  /// No record of a file has what the metric needs.
  case noAnswers(field: String, metric: String, found: String)
  /// A record is not written as the format demands.
  case malformed(file: String, record: Int, String)
  /// An answer is also a wrong answer.
  case contradictoryAnswers(pair: Int, token: Int32)
  /// No pair is left.
  case empty(task: String)
  /// Every pair was left out.
  case noneUsable(task: String, reasons: String)
  /// The prompts of a pair differ in length.
  case lengthsDiffer(pair: Int, clean: Int, corrupted: Int)
  /// A prompt has no token at all.
  case emptyPrompt(pair: Int)
  /// An answer is not a single token.
  case answerNotOneToken(pair: Int, answer: String, tokens: Int)
  /// The metric needs answers that a pair does not give.
  case missingAnswers(pair: Int, field: String, metric: String)
  /// A token id is not one of the model's.
  case unknownToken(Int32, pair: Int, vocabularySize: Int)
  /// A prompt does not fit into the model's context.
  case promptTooLong(pair: Int, length: Int, limit: Int)
  /// Text was given, but the model has no tokenizer.
  case noTokenizer(task: String, reason: String? = nil)
  /// The task cannot be made for this model.
  case unsuitableModel(task: String, reason: String)
  /// The prompts have no names for their parts.
  case noSpans(task: String, pair: Int)
  /// What names parts of a prompt does not fit it.
  case badSpan(pair: Int, String, String)
  /// A span is not one of those that there are.
  case unknownSpan(task: String, name: String, known: [String])
  /// The prompts fall into too many spans.
  case tooManySpans(task: String, count: Int, limit: Int)
  /// No task, metric or ablation has this name.
  case unknownName(kind: String, String, known: [String])

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): the file cannot be read: \(reason)."
    case .noAnswers(let field, let metric, let found):
      """
      The metric \(metric) needs \(field), and the file has \(found) only; name a metric that needs no answers, such \
      as kl, or add them.
      """
    case .malformed(let file, let record, let what):
      "\(file), record \(record)\(record == 0 ? " (the header)" : ""): \(what)."
    case .contradictoryAnswers(let pair, let token):
      "Pair \(pair): token \(token) is given as an answer and as a wrong answer."
    case .empty(let task): "The task \(task) has no prompt pairs to run."
    case .noneUsable(let task, let reasons):
      "The task \(task) has no pair that can be used: \(reasons)."
    case .lengthsDiffer(let pair, let clean, let corrupted):
      """
      Pair \(pair): the clean prompt has \(clean) tokens, the corrupted one \(corrupted); they must \
      have as many (or leave such pairs out with --skip-unusable).
      """
    case .emptyPrompt(let pair): "Pair \(pair): a prompt has no tokens."
    case .answerNotOneToken(let pair, let answer, let tokens):
      """
      Pair \(pair): the answer "\(answer)" is \(tokens) tokens for this model, but must be one; \
      \(Self.hint(about: answer)), or score the first of them with --answers first-token.
      """
    case .missingAnswers(let pair, let field, let metric):
      "Pair \(pair): the metric \(metric) needs \(field), which the pair lacks."
    case .unknownToken(let token, let pair, let size):
      "Pair \(pair): token \(token) is not one of the model's \(size) tokens."
    case .promptTooLong(let pair, let length, let limit):
      "Pair \(pair): the prompt has \(length) tokens, but the model takes at most \(limit)."
    case .noTokenizer(let task, let reason):
      """
      The task \(task) has text, but the model has no tokenizer\(reason.map { " that can be used (\($0))" } ?? ""): \
      give prompts and answers as token ids.
      """
    case .unsuitableModel(let task, let reason):
      "The task \(task) cannot be made for this model: \(reason)."
    case .noSpans(let task, let pair):
      """
      Pair \(pair) of \(task) has no names for the parts of its prompt: give it "spans", such as \
      {"subject": "keys"}, or take --spans positions or a list such as "subject=1;end=last".
      """
    case .badSpan(let pair, let found, let expected):
      "Pair \(pair): expected \(expected), found \(found)."
    case .unknownSpan(let task, let name, let known):
      "The prompts of \(task) have a span \(name), expected one of \(known.joined(separator: ", "))."
    case .tooManySpans(let task, let count, let limit):
      """
      The prompts of \(task) fall into \(count) spans, expected at most \(limit): cut them with a list such as \
      "start=0-9;end=last".
      """
    case .unknownName(let kind, let name, let known): known.sentence(kind: kind, missing: name)
    }
  }
}

extension TaskError {
  /// What may be wrong with an answer of several tokens.
  private static func hint(about answer: String) -> String {
    let digits = answer.drop { $0 == " " }
    if !digits.isEmpty, digits.allSatisfy(\.isNumber) {
      return "its tokenizer splits numbers into digits: give the first digit"
    }
    return answer.first == " "
      ? "choose a shorter one" : "a leading space often belongs to it"
  }

  /// Why right and wrong answers are no pair when only their first tokens are scored.
  static let coincidence = "in which right and wrong answers start with the same token"

  /// Why a pair that cannot be used is left out, after its count; nil for what is wrong with more than one pair.
  var skippedFor: String? {
    switch self {
    case .contradictoryAnswers: "with an answer that is right and wrong"
    case .lengthsDiffer: "of unequal lengths"
    case .emptyPrompt: "without tokens"
    case .answerNotOneToken: "with an answer of several tokens"
    case .missingAnswers: "without answers"
    case .unknownToken: "with a token that the model lacks"
    case .promptTooLong: "longer than the model's context"
    case .unreadable, .noAnswers, .malformed, .empty, .noneUsable, .noTokenizer, .unsuitableModel,
      .unknownName, .noSpans, .badSpan, .unknownSpan, .tooManySpans:
      nil
    }
  }
}
