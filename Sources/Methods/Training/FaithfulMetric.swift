import Tasks
import Tensors

/// Minus the squared distance of a metric from what the full model has of it.
///
/// It is 0 at best, for runs that do neither less nor more of the behaviour: MIB's CMD (arXiv 2504.13151) is the distance
/// itself, over sizes.
struct FaithfulMetric: DifferentiableMetric {
  /// The metric that is to be kept.
  let base: any DifferentiableMetric

  let name = "faithful"
  var summary: String { "minus the squared distance of the task's metric from the full model's" }
  var needsAnswers: Bool { base.needsAnswers }
  var needsWrongAnswers: Bool { base.needsWrongAnswers }
  let needsReference = true

  /// `−(m − m(M))²`, row by row.
  func evaluate(_ input: MetricInput) -> MetricValues {
    let found = base.evaluate(input)
    let rows = input.fullModel.logits.rowCount
    let wanted = base.values(
      MetricInput(
        logits: input.fullModel.logits, answers: Array(input.answers.prefix(rows)),
        wrongAnswers: Array(input.wrongAnswers.prefix(rows)), reference: input.fullModel))
    // Where several runs are measured together the reference's rows are those of each.
    let distances = found.values.indices.map { found.values[$0] - wanted[$0 % rows] }
    return MetricValues(
      values: distances.map { -$0 * $0 },
      gradient: found.gradient.scaledRows(by: distances.map { Float(-2 * $0) }))
  }
}
