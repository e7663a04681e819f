import Models
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
  /// Whether it looks at the logits of right and wrong answers only.
  var readsAnswersOnly: Bool { get }

  /// The metric of each row of logits and its gradient with respect to the row.
  func evaluate(_ input: MetricInput) -> MetricValues
  /// The metric of each row of logits alone.
  func values(_ input: MetricInput) -> [Double]
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
  /// Most metrics look at all logits.
  public var readsAnswersOnly: Bool { false }
  /// Where the gradient costs little, nothing else is needed.
  public func values(_ input: MetricInput) -> [Double] { evaluate(input).values }
}

extension Metric {
  /// The metric of each prompt, its mean over the prompt's rows, and its gradient.
  ///
  /// - Parameters:
  ///   - logits: `[row, vocabulary]`.
  ///   - batch: The prompts that the rows belong to.
  ///   - reference: The full model's logits, if the metric needs them.
  /// - Returns: A value for each prompt and a gradient for each row.
  package func measure(
    _ logits: Tensor, of batch: PairBatch, reference: ReferenceLogits? = nil
  ) -> MetricValues {
    let rows = evaluate(MetricInput(logits: logits, batch: batch, reference: reference))
    let counts = batch.pairs.map(\.positions.count)
    guard counts.contains(where: { $0 > 1 }) else { return rows }
    let shares = counts.flatMap { [Float](repeating: 1 / Float($0), count: $0) }
    return MetricValues(
      values: means(rows.values, counts), gradient: rows.gradient.scaledRows(by: shares))
  }

  /// The metric of each prompt in several runs of a batch.
  ///
  /// - Parameters:
  ///   - logits: The logits of one run after the other, `[run, row, outputs]`.
  ///   - outputs: The outputs that the logits are of, ascending; nil for all.
  ///   - batch: The prompts that the rows of each run belong to.
  ///   - reference: The full model's logits, if the metric needs them.
  /// - Returns: For each run a value for each prompt.
  package func values(
    ofRuns logits: Tensor, outputs: [Int32]? = nil, of batch: PairBatch,
    reference: ReferenceLogits? = nil
  ) -> [[Double]] {
    let rows = logits.reshaped([logits.rowCount, logits.columnCount])
    let runCount = logits.rowCount / batch.clean.rows.count
    let values = values(
      MetricInput(
        logits: rows, outputs: outputs, batch: batch, runCount: runCount, reference: reference))
    let counts = batch.pairs.map(\.positions.count)
    return (0..<runCount).map { run in
      let size = batch.clean.rows.count
      return means(Array(values[(run * size)..<((run + 1) * size)]), counts)
    }
  }

  /// Means over the rows of each prompt.
  private func means(_ values: [Double], _ counts: [Int]) -> [Double] {
    var start = 0
    return counts.map { count in
      defer { start += count }
      return values[start..<(start + count)].reduce(0, +) / Double(count)
    }
  }
}

/// The full model's logits, in the forms that metrics compare with.
package struct ReferenceLogits: Sendable {
  /// Shape `[row, vocabulary]`.
  package let logits: Tensor
  /// Shape `[row, vocabulary]`.
  package let logProbabilities: Tensor

  package init(_ logits: Tensor) {
    self.logits = logits
    logProbabilities = logits.logSoftmax()
  }
}

/// What a metric is computed from.
public struct MetricInput: Sendable {
  /// The logits that are measured, one or several rows for each prompt, `[row, vocabulary]`.
  package let logits: Tensor
  /// Right tokens of each row.
  package let answers: [[Int32]]
  /// Wrong tokens of each row.
  package let wrongAnswers: [[Int32]]
  /// The full model on the clean prompts, if the metric needs it; its rows repeat for each run.
  package let reference: ReferenceLogits?

  package init(
    logits: Tensor, outputs: [Int32]? = nil, batch: PairBatch, runCount: Int = 1,
    reference: ReferenceLogits? = nil
  ) {
    self.logits = logits
    // Where there are logits of some outputs only, answers are told by their columns.
    let places = [Int32: Int32](uniqueKeysWithValues: zip(outputs ?? [], 0...))
    let perRun = { (tokens: [[Int32]]) -> [[Int32]] in
      let columns = tokens.map { row in row.map { token in places[token] ?? token } }
      return [[[Int32]]](repeating: columns, count: runCount).flatMap(\.self)
    }
    answers = perRun(batch.answers)
    wrongAnswers = perRun(batch.wrongAnswers)
    self.reference = reference
  }

  /// The full model's logits, for metrics that need them.
  var fullModel: ReferenceLogits {
    guard let reference else {
      preconditionFailure("the metric needs the full model's logits")
    }
    return reference
  }

  /// For each row, weights that average its answers and subtract the average of its wrong ones.
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
  /// The metric of each row, or of each prompt.
  package let values: [Double]
  /// The gradient of each row's own metric, or of its prompt's, `[row, vocabulary]`.
  package let gradient: Tensor
}

/// The known metrics.
public enum Metrics {
  /// All metrics, the default first.
  public static let all: [any Metric] = [
    LogitDifference(), ProbabilityDifference(), LogLikelihood(), Divergence.kl,
    Divergence.reverseKL, Divergence.jensenShannon, SquaredError(), Accuracy(), ExactMatch(),
    AnswerRank(),
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
