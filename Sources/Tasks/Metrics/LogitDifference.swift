import Tensors

/// The average logit of the answers minus that of the wrong answers.
public struct LogitDifference: DifferentiableMetric {
  /// The name on the command line and in files.
  public let name = "logit-difference"
  /// What it measures.
  public let summary = "mean logit of the answers minus that of the wrong answers"

  /// No other logits are looked at.
  public let readsAnswersOnly = true

  /// The metric takes no options.
  public init() {}

  /// `Σ_a logit_a / A − Σ_w logit_w / W`; its gradient does not depend on the logits.
  public func evaluate(_ input: MetricInput) -> MetricValues {
    let weights = input.contrast(averaging: true)
    return MetricValues(values: input.logits.rowProducts(weights), gradient: weights)
  }
}
