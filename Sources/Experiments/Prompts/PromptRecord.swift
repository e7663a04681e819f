import Engine
import Evaluation
import Foundation
import Reports
import Tasks

/// A prompt pair as it is written and shown: tokens, and their text where the model has a tokenizer.
public struct PromptRecord: Encodable, Sendable {
  enum CodingKeys: String, CodingKey {
    case clean, corrupted, answers, labels
    case wrongAnswers = "wrong_answers"
    case cleanText = "clean_text"
    case corruptedText = "corrupted_text"
    case answerTexts = "answer_texts"
    case wrongAnswerTexts = "wrong_answer_texts"
  }

  let clean: [Int32]
  let corrupted: [Int32]
  let answers: [Int32]
  let wrongAnswers: [Int32]
  /// What the part of the prompt that each token belongs to is called.
  let labels: [String]?
  let cleanText: String?
  let corruptedText: String?
  let answerTexts: [String]?
  let wrongAnswerTexts: [String]?

  init(_ pair: PromptPair, _ tokenizer: (any Tokenizer)?) {
    (clean, corrupted) = (pair.clean, pair.corrupted)
    (answers, wrongAnswers) = (pair.answers, pair.wrongAnswers)
    labels = pair.labels
    cleanText = tokenizer?.decode(pair.clean)
    corruptedText = tokenizer?.decode(pair.corrupted)
    answerTexts = tokenizer.map { tokenizer in pair.answers.map { tokenizer.decode([$0]) } }
    wrongAnswerTexts = tokenizer.map { tokenizer in
      pair.wrongAnswers.map { tokenizer.decode([$0]) }
    }
  }

  /// Lines for people.
  public var text: String {
    [
      "clean      \(cleanText ?? "\(clean)"), \(Numbers.count(clean.count, "token"))",
      "corrupted  \(corruptedText ?? "\(corrupted)")",
      "answers    \(Self.list(answerTexts, answers)), not \(Self.list(wrongAnswerTexts, wrongAnswers))",
    ].joined(separator: "\n")
  }

  /// Up to five of them.
  private static func list(_ texts: [String]?, _ tokens: [Int32]) -> String {
    let all = texts.map { $0.map { "\"\($0)\"" } } ?? tokens.map(String.init)
    return all.prefix(5).joined(separator: " ")
      + (all.count > 5 ? " and \(all.count - 5) more" : "")
  }
}

extension TaskPlan {
  /// The prompts of this plan with what is said of them.
  ///
  /// - Parameters:
  ///   - model: The model whose tokens are used.
  ///   - listener: Is told what should be known of the prompts.
  /// - Returns: A line about the prompts, and all of them.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func prompts(
    for model: ModelReference, telling listener: ExperimentListener = ExperimentListener()
  ) throws -> (heading: String, pairs: [PromptRecord]) {
    let loaded = try model.load()
    // Nothing is measured, so prompts need no answers.
    var plan = self
    plan.metric = Divergence.kl.name
    let made = try plan.make(for: loaded, part: .whole)
    made.task.notes.forEach(listener.note)
    let tokenizer = loaded.model.tokenizer
    return (made.description, made.task.pairs.map { PromptRecord($0, tokenizer) })
  }
}
