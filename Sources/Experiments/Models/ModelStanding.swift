import Engine
import Evaluation
import Reports
import Tasks

extension CircuitTask {
  /// The share of prompts that a model answers right; nil when the task has no wrong answers.
  func accuracy(of model: Transformer) -> Double? {
    guard allows(Accuracy()) else { return nil }
    return InterventionRuns(model: model, task: self).fullModel(by: Accuracy()).mean
  }

  /// What is to be said when a model does not do the task: there is no circuit to be found then; nil when it does.
  func warning(about model: Transformer, _ accuracy: Double?) -> String? {
    guard let accuracy, accuracy < 0.75 else { return nil }
    return """
      warning: \(model.name) prefers a right answer on only \(Numbers.percent(accuracy)) of the \
      \(Numbers.count(pairs.count, "prompt")) of \(name), where chance is near 50 %: what is found need not be \
      a circuit of this task.
      """
  }
}

extension Transformer {
  /// What is said when numbers overflow: which stored matrix is to blame, if one is.
  func overflow(_ what: String) -> ExperimentError {
    guard let matrix = brokenMatrix else {
      return ExperimentError("\(what); check the model's weights.")
    }
    return ExperimentError("\(what): the tensor \"\(matrix)\" of \(name) holds an infinity or NaN.")
  }
}

extension Faithfulness {
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  func requireNumbers(of model: Transformer) throws {
    guard isFinite else { throw model.overflow("The metric of a run is NaN or infinite") }
  }

  /// What is to be said when a task cannot tell a circuit from nothing; nil when it can.
  var warning: String? {
    guard !isTelling else { return nil }
    return """
      note: ablating every edge hardly changes the metric (\(Numbers.fixed(full.mean, 6)) to \
      \(Numbers.fixed(empty.mean, 6))), so faithfulness means nothing here; do the prompts of a pair differ?
      """
  }
}
