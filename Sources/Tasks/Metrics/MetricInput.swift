public import Tensors

/// What a metric is computed from.
public struct MetricInput: Sendable {
  /// The logits that are measured, one or several rows for each prompt, `[row, output]`.
  ///
  /// All outputs of the model, or only those of answers where the metric reads no others.
  public let logits: Tensor
  /// Right tokens of each row, as columns of ``logits``.
  public let answers: [[Int32]]
  /// Wrong tokens of each row, as columns of ``logits``.
  public let wrongAnswers: [[Int32]]
  private let reference: ReferenceLogits?

  /// Takes logits and what they are measured by.
  ///
  /// - Parameters:
  ///   - logits: `[row, output]`.
  ///   - answers: Right tokens of each row.
  ///   - wrongAnswers: Wrong tokens of each row.
  ///   - reference: The full model's logits, for metrics that need them.
  public init(
    logits: Tensor, answers: [[Int32]], wrongAnswers: [[Int32]], reference: ReferenceLogits? = nil
  ) {
    self.logits = logits
    self.answers = answers
    self.wrongAnswers = wrongAnswers
    self.reference = reference
  }

  package init(
    logits: Tensor, outputs: [Int32]? = nil, batch: PairBatch, runCount: Int = 1,
    reference: ReferenceLogits? = nil
  ) {
    // Where there are logits of some outputs only, answers are told by their columns.
    let places = [Int32: Int32](uniqueKeysWithValues: zip(outputs ?? [], 0...))
    let perRun = { (tokens: [[Int32]]) -> [[Int32]] in
      let columns = tokens.map { row in row.map { token in places[token] ?? token } }
      return [[[Int32]]](repeating: columns, count: runCount).flatMap(\.self)
    }
    self.init(
      logits: logits, answers: perRun(batch.answers), wrongAnswers: perRun(batch.wrongAnswers),
      reference: reference)
  }

  /// The full model on the clean prompts; only a metric that says ``Metric/needsReference`` is given it.
  ///
  /// Where several runs are measured together its rows repeat for each: row `r` of ``logits`` compares with row
  /// `r % rows` of the reference.
  public var fullModel: ReferenceLogits {
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
    return Tensor(rowsWithEntries: entries, columnCount: logits.columnCount, on: logits.device)
  }
}

/// A metric's values and gradients.
public struct MetricValues: Sendable {
  /// The metric of each row, or of each prompt.
  public let values: [Double]
  /// The gradient of each row's own metric, or of its prompt's, `[row, output]`.
  public let gradient: Tensor

  /// Takes values and gradients.
  ///
  /// - Parameters:
  ///   - values: The metric of each row.
  ///   - gradient: The gradient of each row's metric with respect to that row, of the logits' shape.
  public init(values: [Double], gradient: Tensor) {
    self.values = values
    self.gradient = gradient
  }
}
