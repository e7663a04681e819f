import Tensors

/// Minus a divergence between a run's next-token distribution and the full model's; 0 at best.
///
/// With `p` the full model's distribution, `q` the run's and `m = (p + q) / 2`:
/// `kl` is `−Σ p (log p − log q)`, `kl-reverse` is `−Σ q (log q − log p)`, and `js`, Jensen–Shannon, is
/// `−½ Σ p log (p / m) − ½ Σ q log (q / m)`, which is never below −log 2. All sum over the whole vocabulary.
public struct Divergence: DifferentiableMetric {
  /// The name on the command line and in files.
  public let name: String
  /// What it measures.
  public let summary: String
  /// The full model's distribution stands in for answers.
  public let needsAnswers = false
  /// The full model's distribution stands in for answers.
  public let needsWrongAnswers = false
  /// It compares with the full model's logits.
  public let needsReference = true

  private let kind: Tensor.Divergence

  /// `KL(full model ‖ run)`.
  public static let kl = Divergence(
    name: "kl", summary: "minus KL(full model || run) over the whole vocabulary; 0 at best",
    kind: .kl)
  /// `KL(run ‖ full model)`.
  public static let reverseKL = Divergence(
    name: "kl-reverse", summary: "minus KL(run || full model)", kind: .reverseKL)
  /// Jensen–Shannon divergence.
  public static let jensenShannon = Divergence(
    name: "js", summary: "minus the Jensen–Shannon divergence of run and full model",
    kind: .jensenShannon)

  private init(name: String, summary: String, kind: Tensor.Divergence) {
    self.name = name
    self.summary = summary
    self.kind = kind
  }

  /// The divergence with its sign turned; its gradient is zero at the full model itself.
  public func evaluate(_ input: MetricInput) -> MetricValues {
    var (losses, gradient) = input.logits.divergence(
      kind, fromLogProbabilities: input.fullModel.logProbabilities)
    gradient.scale(by: -1)
    return MetricValues(values: losses.map { -$0 }, gradient: gradient)
  }

  /// The divergence with its sign turned.
  public func values(_ input: MetricInput) -> [Double] {
    input.logits.divergences(kind, fromRepeated: input.fullModel.logProbabilities).map { -$0 }
  }
}
