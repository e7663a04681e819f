import Engine
package import Tensors

/// A number for each prompt that is higher the more of the behaviour a run shows.
///
/// The loss is minus the metric. Methods that follow gradients ask for a ``DifferentiableMetric``. A new metric
/// of Edgewise is a file here and a line in ``Metrics``; one of your own conforms and is given to a
/// ``CircuitTask``.
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
  /// Whether it looks at the logits of right and wrong answers only; others are then not computed.
  var readsAnswersOnly: Bool { get }

  /// The metric of each row of logits.
  ///
  /// Rows are measured independently: one's value does not depend on what else is measured.
  func values(_ input: MetricInput) -> [Double]
}

/// A metric with a gradient, which methods can follow.
public protocol DifferentiableMetric: Metric {
  /// The metric of each row of logits and its gradient with respect to the row.
  func evaluate(_ input: MetricInput) -> MetricValues
}

extension Metric {
  /// Most metrics need right answers.
  public var needsAnswers: Bool { true }
  /// Most metrics need wrong answers.
  public var needsWrongAnswers: Bool { true }
  /// Most metrics look at one run only.
  public var needsReference: Bool { false }
  /// Most metrics look at all logits.
  public var readsAnswersOnly: Bool { false }
}

extension DifferentiableMetric {
  /// Where the gradient costs little, nothing else is needed.
  public func values(_ input: MetricInput) -> [Double] { evaluate(input).values }

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
}

extension Metric {
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
  fileprivate func means(_ values: [Double], _ counts: [Int]) -> [Double] {
    var start = 0
    return counts.map { count in
      defer { start += count }
      return values[start..<(start + count)].reduce(0, +) / Double(count)
    }
  }
}
