import Tensors

/// Whether a run's most likely token is the full model's: 1 or 0.
///
/// It is constant almost everywhere, so it has no gradient.
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

  /// The metric takes no options.
  public init() {}

  /// 1 when both choose the same token, the first of equally likely ones.
  public func values(_ input: MetricInput) -> [Double] {
    let (own, full) = (input.logits.rowArgmax(), input.fullModel.logits.rowArgmax())
    return own.enumerated().map { $1 == full[$0 % full.count] ? 1 : 0 }
  }
}
