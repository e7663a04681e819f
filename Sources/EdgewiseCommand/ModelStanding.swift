import Edgewise

extension CircuitTask {
  /// The share of prompts that a model answers right; nil when the task has no wrong answers.
  func accuracy(of model: Transformer) -> Double? {
    guard allows(Accuracy()) else { return nil }
    return InterventionRuns(model: model, task: self).fullModel(by: Accuracy()).mean
  }

  /// Says when a model does not do a task: there is no circuit to be found then.
  func warn(about model: Transformer, _ accuracy: Double?) {
    guard let accuracy, accuracy < 0.75 else { return }
    note(
      """
      warning: \(model.name) prefers a right answer on only \(Numbers.percent(accuracy)) of the \
      \(Numbers.count(pairs.count, "prompt")) of \(name), where chance is near 50 %: what is found need not be \
      a circuit of this task.
      """)
  }
}

extension Transformer {
  /// What is said when numbers overflow: which stored matrix is to blame, if one is.
  func overflow(_ what: String) -> Failure {
    guard let matrix = brokenMatrix else { return Failure("\(what); check the model's weights.") }
    return Failure("\(what): the tensor \"\(matrix)\" of \(name) holds an infinity or NaN.")
  }
}
