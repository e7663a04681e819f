package import Tensors

/// A number for each prompt that is higher the more of the behaviour a run shows.
///
/// The loss is minus the metric. A new metric is a file here and a line in ``Metrics``.
public protocol Metric: Sendable {
  /// The name on the command line and in files.
  var name: String { get }
  /// What it measures, in a line.
  var summary: String { get }
  /// Whether every pair needs right answers.
  var needsAnswers: Bool { get }
  /// Whether every pair needs wrong answers.
  var needsWrongAnswers: Bool { get }
  /// Whether it compares with the full model's logits.
  var needsReference: Bool { get }
  /// Whether its gradient says anything.
  var isDifferentiable: Bool { get }

  /// The metric of each prompt and its gradient with respect to the logits.
  func evaluate(_ input: MetricInput) -> MetricValues
}

extension Metric {
  /// Most metrics need right answers.
  public var needsAnswers: Bool { true }
  /// Most metrics need wrong answers.
  public var needsWrongAnswers: Bool { true }
  /// Most metrics look at one run only.
  public var needsReference: Bool { false }
  /// Most metrics have a gradient.
  public var isDifferentiable: Bool { true }
}

/// What a metric is computed from.
public struct MetricInput: Sendable {
  /// The logits after each prompt, `[prompt, vocabulary]`.
  package let logits: Tensor
  /// Right tokens of each prompt.
  package let answers: [[Int32]]
  /// Wrong tokens of each prompt.
  package let wrongAnswers: [[Int32]]
  /// The full model's logits on the clean prompts, `[prompt, vocabulary]`, if the metric needs them.
  package let reference: Tensor?

  package init(logits: Tensor, batch: PairBatch, reference: Tensor? = nil) {
    self.logits = logits
    answers = batch.answers
    wrongAnswers = batch.wrongAnswers
    self.reference = reference
  }

  /// The full model's logits, for metrics that need them.
  var fullModelLogits: Tensor {
    guard let reference else {
      preconditionFailure("the metric needs the full model's logits")
    }
    return reference
  }

  /// For each prompt, weights that average its answers and subtract the average of its wrong ones.
  func contrast(averaging: Bool) -> Tensor {
    let entries = zip(answers, wrongAnswers).map { answers, wrong in
      let (one, other) =
        averaging ? (1 / Float(answers.count), 1 / Float(wrong.count)) : (1, 1)
      return answers.map { ($0, one) } + wrong.map { ($0, -other) }
    }
    return Tensor(rowsWithEntries: entries, columnCount: logits.columnCount)
  }
}

/// A metric's values and gradients.
public struct MetricValues: Sendable {
  /// The metric of each prompt.
  package let values: [Double]
  /// The gradient of each prompt's own metric, `[prompt, vocabulary]`.
  package let gradient: Tensor
}

/// The known metrics.
public enum Metrics {
  /// All metrics, the default first.
  public static let all: [any Metric] = [
    LogitDifference(), ProbabilityDifference(), LogLikelihood(), Divergence.kl,
    Divergence.reverseKL, Divergence.jensenShannon, Accuracy(), ExactMatch(), AnswerRank(),
  ]

  /// The metric of a name.
  ///
  /// - Throws: ``TaskError/unknownName(kind:_:known:)``.
  public static func named(_ name: String) throws(TaskError) -> any Metric {
    guard let metric = all.first(where: { $0.name == name }) else {
      throw .unknownName(kind: "metric", name, known: all.map(\.name))
    }
    return metric
  }
}
