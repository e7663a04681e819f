import Tensors

/// Minus the rank of the best answer among all tokens; −1 when it is the most likely one.
///
/// It is constant almost everywhere, so it has no gradient.
public struct AnswerRank: Metric {
  /// The name on the command line and in files.
  public let name = "answer-rank"
  /// What it measures.
  public let summary = "minus the best answer's rank among all tokens; -1 at best"
  /// Only right answers count.
  public let needsWrongAnswers = false

  /// The metric takes no options.
  public init() {}

  /// Minus the number of tokens whose logit is at least the best answer's, itself among them.
  public func values(_ input: MetricInput) -> [Double] {
    input.answers.indices.map { -Double(input.logits.rank(ofBest: input.answers[$0], row: $0)) }
  }
}
