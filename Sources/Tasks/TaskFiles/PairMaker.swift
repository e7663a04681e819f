import Engine
import Graphs

/// What of an answer is scored.
public enum AnswerForm: String, Sendable, CaseIterable, Codable {
  /// The whole of it, which must be one token.
  case oneToken = "one-token"
  /// Its first token; pairs whose right and wrong answers then coincide are left out.
  case firstToken = "first-token"
}

/// Turns records into tokens, and counts what should be said of them.
struct PairMaker {
  let task: String
  let tokenizer: (any Tokenizer)?
  let form: AnswerForm
  /// Prompts that spell the start token themselves.
  private(set) var spelledStarts = 0
  /// Pairs whose prompts end in a space.
  private(set) var trailingSpaces = 0
  /// Pairs of which more than the first token of an answer was there.
  private(set) var shortened = 0
  /// Pairs of text whose answers in cells are whole numbers.
  private(set) var textNumbers = 0

  init(task: String, tokenizer: (any Tokenizer)?, form: AnswerForm) {
    self.task = task
    self.tokenizer = tokenizer
    self.form = form
  }

  mutating func pair(
    _ record: TaskRecord, number: Int, areCells: Bool
  ) throws(TaskError) -> PromptPair {
    let clean = try prompt(record.clean)
    let corrupted = try prompt(record.corrupted)
    guard !clean.isEmpty, !corrupted.isEmpty else { throw .emptyPrompt(pair: number) }
    guard clean.count == corrupted.count else {
      throw .lengthsDiffer(pair: number, clean: clean.count, corrupted: corrupted.count)
    }
    let (right, isCut) = try answers(record.answers, number)
    let (wrong, isWrongCut) = try answers(record.wrongAnswers, number)
    if isCut || isWrongCut { shortened += 1 }
    if record.clean.endsInSpace || record.corrupted.endsInSpace { trailingSpaces += 1 }
    if areCells, (record.answers + record.wrongAnswers).contains(where: \.isWholeNumber) {
      textNumbers += 1
    }
    return PromptPair(clean: clean, corrupted: corrupted, answers: right, wrongAnswers: wrong)
  }

  private mutating func prompt(_ value: TextOrTokens) throws(TaskError) -> [Int32] {
    switch value {
    case .tokens(let tokens): return tokens
    case .text(let text):
      guard let tokenizer else { throw .noTokenizer(task: task) }
      let tokens = tokenizer.encode(text)
      guard let start = tokenizer.startToken else { return tokens }
      guard tokens.first != start else {
        spelledStarts += 1
        return tokens
      }
      return [start] + tokens
    }
  }

  private func answers(
    _ values: [TextOrTokens], _ number: Int
  ) throws(TaskError) -> (tokens: [Int32], isCut: Bool) {
    var answers: [Int32] = []
    var isCut = false
    for value in values {
      let (tokens, text) = try tokens(of: value)
      guard let first = tokens.first, tokens.count == 1 || form == .firstToken else {
        throw .answerNotOneToken(pair: number, answer: text.shortened, tokens: tokens.count)
      }
      answers.append(first)
      isCut = isCut || tokens.count > 1
    }
    return (answers, isCut)
  }

  private func tokens(of value: TextOrTokens) throws(TaskError) -> ([Int32], String) {
    switch value {
    case .tokens(let tokens): return (tokens, "\(tokens)")
    case .text(let text):
      guard let tokenizer else { throw .noTokenizer(task: task) }
      return (tokenizer.encode(text), text)
    }
  }
}

extension TextOrTokens {
  fileprivate var endsInSpace: Bool {
    if case .text(let text) = self { text.last == " " } else { false }
  }

  fileprivate var isWholeNumber: Bool {
    if case .text(let text) = self { Int(text) != nil } else { false }
  }
}
