import Tensors

/// Minus the Kullback–Leibler divergence of a run's next-token distribution from the full model's.
public struct KLDivergence: Metric {
  /// The name on the command line and in files.
  public let name = "kl"
  /// What it measures.
  public let summary = "minus KL(full model || run) over the whole vocabulary; 0 at best"
  /// The full model's distribution stands in for answers.
  public let needsAnswers = false
  /// The full model's distribution stands in for answers.
  public let needsWrongAnswers = false
  /// It compares with the full model's logits.
  public let needsReference = true

  /// The metric takes no options.
  public init() {}

  /// `−Σ p (log p − log q)`, p the full model's distribution and q the run's; its gradient is p − q,
  /// which is zero at the full model itself.
  public func evaluate(_ input: MetricInput) -> MetricValues {
    guard let reference = input.reference else {
      preconditionFailure("the KL divergence needs the full model's logits")
    }
    var (losses, gradient) = input.logits.klDivergence(
      fromLogProbabilities: reference.logSoftmax())
    gradient.scale(by: -1)
    return MetricValues(values: losses.map { -$0 }, gradient: gradient)
  }
}
