import Foundation
import Tensors

/// Minus the negative log-likelihood: the log of the total probability of the answers.
public struct LogLikelihood: Metric {
  /// The name on the command line and in files.
  public let name = "nll"
  /// What it measures.
  public let summary = "minus the negative log-likelihood of the answers"
  /// Only right answers count.
  public let needsWrongAnswers = false

  /// The metric takes no options.
  public init() {}

  /// `log Σ_a p_a`; its gradient is `p_a / Σ p` at the answers, less `p` everywhere.
  public func evaluate(_ input: MetricInput) -> MetricValues {
    let logProbabilities = input.logits.logSoftmax()
    let rows = input.answers.indices.map { prompt in
      input.answers[prompt].map { (token: $0, log: logProbabilities[prompt, Int($0)]) }
    }
    let values = rows.map { row in
      let top = Double(row.map(\.log).max() ?? 0)
      return top + log(row.reduce(0) { $0 + exp(Double($1.log) - top) })
    }
    let shares = zip(rows, values).map { row, value in
      row.map { (column: $0.token, value: Float(exp(Double($0.log) - value))) }
    }
    return MetricValues(
      values: values,
      gradient: Tensor(rowsWithEntries: shares, columnCount: input.logits.columnCount)
        - input.logits.softmax())
  }
}
