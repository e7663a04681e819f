import Engine
import Graphs

/// What of an answer is scored.
public enum AnswerForm: String, Sendable, CaseIterable, Codable {
  /// The whole of it, which must be one token.
  case oneToken = "one-token"
  /// Its first token; pairs whose right and wrong answers then coincide are left out.
  case firstToken = "first-token"
}

/// Something of a pair that a reader of results should know.
enum PairTrait: CaseIterable {
  /// A prompt spells the start token itself.
  case spelledStart
  /// A prompt ends in a space.
  case trailingSpace
  /// An answer has more tokens than the first one, which is scored.
  case cutAnswer
  /// An answer in a cell is a whole number and is read as text.
  case textNumber
}

/// Turns records into tokens.
struct PairMaker {
  let task: String
  let model: Transformer
  let form: AnswerForm

  func pair(
    _ record: TaskRecord, number: Int, areCells: Bool
  ) throws(TaskError) -> (pair: PromptPair, traits: Set<PairTrait>) {
    var traits: Set<PairTrait> = []
    let clean = try prompt(record.clean, &traits)
    let corrupted = try prompt(record.corrupted, &traits)
    guard !clean.isEmpty, !corrupted.isEmpty else { throw .emptyPrompt(pair: number) }
    guard clean.count == corrupted.count else {
      throw .lengthsDiffer(pair: number, clean: clean.count, corrupted: corrupted.count)
    }
    let right = try answers(record.answers, number, &traits)
    let wrong = try answers(record.wrongAnswers, number, &traits)
    if areCells, (record.answers + record.wrongAnswers).contains(where: \.isWholeNumber) {
      traits.insert(.textNumber)
    }
    let pair = PromptPair(
      clean: clean, corrupted: corrupted, answers: right, wrongAnswers: wrong,
      labels: try labels(record, clean, number))
    return (pair, traits)
  }

  /// The name of each token's part of the prompt; nil when the record gives none.
  private func labels(
    _ record: TaskRecord, _ clean: [Int32], _ number: Int
  ) throws(TaskError) -> [String]? {
    if let labels = record.labels {
      guard labels.count == clean.count else {
        throw .badSpan(
          pair: number, "\(labels.count) labels", "one for each of \(clean.count) tokens")
      }
      return labels
    }
    guard let marks = record.marks else { return nil }
    let found = SpanName.labels(of: clean, marks, model.tokenizer)
    if let missing = found.missing {
      throw .badSpan(pair: number, "the span \(missing.name)", "a part of the clean prompt")
    }
    return found.labels
  }

  private var noTokenizer: TaskError { .noTokenizer(task: task, reason: model.tokenizerProblem) }

  private func prompt(
    _ value: TextOrTokens, _ traits: inout Set<PairTrait>
  ) throws(TaskError) -> [Int32] {
    switch value {
    case .tokens(let tokens): return tokens
    case .text(let text):
      guard let tokenizer = model.tokenizer else { throw noTokenizer }
      if text.last == " " { traits.insert(.trailingSpace) }
      let tokens = tokenizer.encode(text)
      guard let start = tokenizer.startToken else { return tokens }
      guard tokens.first != start else {
        traits.insert(.spelledStart)
        return tokens
      }
      return [start] + tokens
    }
  }

  private func answers(
    _ values: [TextOrTokens], _ number: Int, _ traits: inout Set<PairTrait>
  ) throws(TaskError) -> [Int32] {
    var answers: [Int32] = []
    for value in values {
      let (tokens, text) = try tokens(of: value)
      guard let first = tokens.first, tokens.count == 1 || form == .firstToken else {
        throw .answerNotOneToken(pair: number, answer: text.shortened, tokens: tokens.count)
      }
      if tokens.count > 1 { traits.insert(.cutAnswer) }
      answers.append(first)
    }
    return answers
  }

  private func tokens(of value: TextOrTokens) throws(TaskError) -> ([Int32], String) {
    switch value {
    case .tokens(let tokens): return (tokens, "\(tokens)")
    case .text(let text):
      guard let tokenizer = model.tokenizer else { throw noTokenizer }
      return (tokenizer.encode(continuing: text), text)
    }
  }
}

extension TextOrTokens {
  fileprivate var isWholeNumber: Bool {
    if case .text(let text) = self { Int(text) != nil } else { false }
  }
}
