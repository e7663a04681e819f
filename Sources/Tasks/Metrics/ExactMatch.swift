import Tensors

/// Whether a run's most likely token is the full model's: 1 or 0.
public struct ExactMatch: Metric {
  /// The name on the command line and in files.
  public let name = "exact-match"
  /// What it measures.
  public let summary = "share of prompts whose most likely token is the full model's"
  /// The full model's distribution stands in for answers.
  public let needsAnswers = false
  /// The full model's distribution stands in for answers.
  public let needsWrongAnswers = false
  /// It compares with the full model's logits.
  public let needsReference = true
  /// It is constant almost everywhere.
  public let isDifferentiable = false

  /// The metric takes no options.
  public init() {}

  /// 1 when both choose the same token, the first of equally likely ones; the gradient is zero.
  public func evaluate(_ input: MetricInput) -> MetricValues {
    let (own, full) = (input.logits.rowArgmax(), input.fullModel.logits.rowArgmax())
    return MetricValues(
      values: own.enumerated().map { $1 == full[$0 % full.count] ? 1 : 0 },
      gradient: Tensor(zeros: input.logits.shape))
  }
}
