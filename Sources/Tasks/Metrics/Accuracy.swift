import Tensors

/// Whether the best answer has a higher logit than every wrong answer: 1 or 0.
public struct Accuracy: Metric {
  /// The name on the command line and in files.
  public let name = "accuracy"
  /// What it measures.
  public let summary = "share of prompts whose best answer beats every wrong answer"
  /// It is constant almost everywhere.
  public let isDifferentiable = false

  /// No other logits are looked at.
  public let readsAnswersOnly = true

  /// The metric takes no options.
  public init() {}

  /// 1 when the best answer beats every wrong one, else 0; the gradient is zero.
  public func evaluate(_ input: MetricInput) -> MetricValues {
    let values = input.answers.indices.map { prompt in
      let row = Array(input.logits.row(prompt))
      let best = { (tokens: [Int32]) in tokens.map { row[Int($0)] }.max() ?? -.infinity }
      return best(input.answers[prompt]) > best(input.wrongAnswers[prompt]) ? 1.0 : 0.0
    }
    return MetricValues(values: values, gradient: Tensor(zeros: input.logits.shape))
  }
}
