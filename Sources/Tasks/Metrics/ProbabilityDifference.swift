import Tensors

/// The total probability of the answers minus that of the wrong answers.
public struct ProbabilityDifference: DifferentiableMetric {
  /// The name on the command line and in files.
  public let name = "probability-difference"
  /// What it measures.
  public let summary = "total probability of the answers minus that of the wrong answers"

  /// The metric takes no options.
  public init() {}

  /// `Σ_a p_a − Σ_w p_w` with `p = softmax(logits)` over the whole vocabulary.
  public func evaluate(_ input: MetricInput) -> MetricValues {
    let weights = input.contrast(averaging: false)
    let probabilities = input.logits.softmax()
    return MetricValues(
      values: probabilities.rowProducts(weights), gradient: probabilities.softmaxBackward(weights))
  }

  /// `Σ_a p_a − Σ_w p_w`.
  public func values(_ input: MetricInput) -> [Double] {
    input.logits.softmax().rowProducts(input.contrast(averaging: false))
  }
}
