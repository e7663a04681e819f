import Foundation
import Tensors

/// Minus the negative log-likelihood: the log of the total probability of the answers.
public struct LogLikelihood: DifferentiableMetric {
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
    let rows = answers(input)
    let values = rows.map(total)
    let shares = zip(rows, values).map { row, value in
      row.map { (column: $0.token, value: Float(exp(Double($0.log) - value))) }
    }
    return MetricValues(
      values: values,
      gradient: Tensor(
        rowsWithEntries: shares, columnCount: input.logits.columnCount, on: input.logits.device)
        - input.logits.softmax())
  }

  /// `log Σ_a p_a`.
  public func values(_ input: MetricInput) -> [Double] { answers(input).map(total) }

  /// The log-probability of each row's answers.
  private func answers(_ input: MetricInput) -> [[Answer]] {
    let logProbabilities = input.logits.logSoftmax()
    return input.answers.indices.map { row in
      input.answers[row].map { (token: $0, log: logProbabilities[row, Int($0)]) }
    }
  }

  private typealias Answer = (token: Int32, log: Float)

  /// The log of the sum of probabilities.
  private func total(_ answers: [Answer]) -> Double {
    let top = Double(answers.map(\.log).max() ?? 0)
    return top + log(answers.reduce(0) { $0 + exp(Double($1.log) - top) })
  }
}
