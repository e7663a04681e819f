import Foundation
import Tasks
import Tensors

/// The choice among a prompt's right and wrong answers, as a distribution over those tokens alone.
///
/// With q the softmax of their logits: `log Σ_right q`, the log of the chance that the choice is right; or, at chance,
/// `mean log q + log count`, which is 0 when all of them are equally likely, and less otherwise.
struct AnswerChoice: DifferentiableMetric {
  /// What is looked at.
  enum Kind {
    case right, chance
  }

  let kind: Kind
  var name: String { kind == .right ? "answer-choice" : "answer-chance" }
  var summary: String {
    kind == .right ? "log of the chance to choose a right answer" : "minus the distance from chance"
  }

  func evaluate(_ input: MetricInput) -> MetricValues {
    var (values, rows): ([Double], [[(column: Int32, value: Float)]]) = ([], [])
    for (row, right) in input.answers.enumerated() {
      let tokens = right + input.wrongAnswers[row]
      let logits = tokens.map { Double(input.logits[row, Int($0)]) }
      let top = logits.max() ?? 0
      let weights = logits.map { exp($0 - top) }
      let total = weights.reduce(0, +)
      let chances = weights.map { $0 / total }
      let gradient: [Double]
      switch kind {
      case .right:
        let rightChance = chances.prefix(right.count).reduce(0, +)
        let logTotal = log(weights.prefix(right.count).reduce(0, +)) - log(total)
        values.append(logTotal)
        gradient = chances.enumerated().map { index, chance in
          (index < right.count ? chance / max(rightChance, .leastNormalMagnitude) : 0) - chance
        }
      case .chance:
        let share = 1 / Double(tokens.count)
        values.append(
          logits.reduce(0) { $0 + share * ($1 - top - log(total)) } + log(Double(tokens.count)))
        gradient = chances.map { share - $0 }
      }
      rows.append(zip(tokens, gradient).map { ($0, Float($1)) })
    }
    return MetricValues(
      values: values,
      gradient: Tensor(
        rowsWithEntries: rows, columnCount: input.logits.columnCount, on: input.logits.device))
  }
}
