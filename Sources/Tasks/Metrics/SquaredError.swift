import Tensors

/// Minus the mean squared difference between a run's logits and the full model's; 0 at best.
///
/// `−Σ_c (logit_c − full_c)² / C`, the L2 loss of ACDC's compiled programs (arXiv 2304.14997), whose
/// outputs need not be tokens.
public struct SquaredError: DifferentiableMetric {
  /// The name on the command line and in files.
  public let name = "squared-error"
  /// What it measures.
  public let summary = "minus the mean squared difference to the full model's logits; 0 at best"
  /// The full model's logits stand in for answers.
  public let needsAnswers = false
  /// The full model's logits stand in for answers.
  public let needsWrongAnswers = false
  /// It compares with the full model's logits.
  public let needsReference = true

  /// The metric takes no options.
  public init() {}

  /// The error with its sign turned; its gradient is zero at the full model itself.
  public func evaluate(_ input: MetricInput) -> MetricValues {
    var difference = input.logits
    difference.subtract(tiled: input.fullModel.logits)
    let columns = Float(difference.columnCount)
    let values = difference.rowProducts(difference).map { -$0 / Double(columns) }
    difference.scale(by: -2 / columns)
    return MetricValues(values: values, gradient: difference)
  }
}
