import Engine
import Foundation
import Tensors

/// Makes prompts for a tokenizer out of templates and words.
struct PromptWriter {
  let task: String
  let tokenizer: any Tokenizer
  var generator: SeededGenerator

  /// - Throws: ``TaskError/noTokenizer(task:reason:)``.
  init(task: String, seed: UInt64, _ model: Transformer) throws(TaskError) {
    guard let tokenizer = model.tokenizer else {
      throw .noTokenizer(task: task, reason: model.tokenizerProblem)
    }
    self.task = task
    self.tokenizer = tokenizer
    generator = SeededGenerator(seed: seed)
  }

  /// The words that are one token each after a space.
  ///
  /// - Parameters:
  ///   - words: Words without spaces.
  ///   - least: How many are needed.
  ///   - kind: What they are, in the plural.
  /// - Returns: Those that can be used.
  /// - Throws: ``TaskError/unsuitableModel(task:reason:)`` when there are too few.
  func singleTokens(
    _ words: [String], atLeast least: Int, _ kind: String
  ) throws(TaskError) -> [String] {
    let usable = words.filter { tokenizer.encode(continuing: " " + $0).count == 1 }
    guard usable.count >= least else {
      throw .unsuitableModel(
        task: task, reason: "only \(usable.count) of \(words.count) \(kind) are one token each")
    }
    return usable
  }

  /// A random choice.
  mutating func pick<Word>(_ words: [Word]) -> Word {
    words[Int.random(in: 0..<words.count, using: &generator)]
  }

  /// A text's tokens, after the model's start token if it has one.
  func prompt(_ text: String) -> [Int32] {
    (tokenizer.startToken.map { [$0] } ?? []) + tokenizer.encode(text)
  }

  /// The tokens of words, each after a space.
  func tokens(_ words: [String]) -> [Int32] {
    words.flatMap { tokenizer.encode(continuing: " " + $0) }
  }

  /// Pairs two texts.
  ///
  /// - Parameters:
  ///   - clean: The original prompt.
  ///   - corrupted: Its counterfactual.
  ///   - answers: Tokens that are right after the original prompt.
  ///   - wrong: Tokens that are wrong after it.
  ///   - marks: Parts of the original prompt that have names.
  /// - Returns: The pair.
  /// - Throws: ``TaskError/unsuitableModel(task:reason:)`` when they have unequal numbers of tokens.
  func pair(
    _ clean: String, _ corrupted: String, answers: [Int32], wrong: [Int32], marks: [SpanMark]
  ) throws(TaskError) -> PromptPair {
    let prompts = [clean, corrupted].map(prompt)
    guard prompts[0].count == prompts[1].count, !prompts[0].isEmpty else {
      throw .unsuitableModel(
        task: task, reason: "its tokenizer joins words with those around them")
    }
    return PromptPair(
      clean: prompts[0], corrupted: prompts[1], answers: answers, wrongAnswers: wrong,
      labels: SpanName.labels(of: prompts[0], marks, tokenizer).labels)
  }

  /// Puts words in the place of `{key}`.
  static func fill(_ template: String, _ words: [String: String]) -> String {
    var text = ""
    for (index, part) in template.components(separatedBy: "{").enumerated() {
      let pieces = part.components(separatedBy: "}")
      text += index == 0 ? part : (words[pieces[0]] ?? "") + pieces.dropFirst().joined()
    }
    return text
  }
}
