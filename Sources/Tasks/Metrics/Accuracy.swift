import Tensors

/// Whether the best answer has a higher logit than every wrong answer: 1 or 0.
///
/// It is constant almost everywhere, so it has no gradient.
public struct Accuracy: Metric {
  /// The name on the command line and in files.
  public let name = "accuracy"
  /// What it measures.
  public let summary = "share of prompts whose best answer beats every wrong answer"
  /// No other logits are looked at.
  public let readsAnswersOnly = true

  /// The metric takes no options.
  public init() {}

  /// 1 when the best answer beats every wrong one, else 0.
  public func values(_ input: MetricInput) -> [Double] {
    input.answers.indices.map { row in
      let best = { (tokens: [Int32]) in
        tokens.map { input.logits[row, Int($0)] }.max() ?? -.infinity
      }
      return best(input.answers[row]) > best(input.wrongAnswers[row]) ? 1 : 0
    }
  }
}
