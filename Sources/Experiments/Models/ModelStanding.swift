import Engine
import Evaluation
import Reports
import Tasks
import Tensors

extension CircuitTask {
  /// The share of prompts that a model answers right; nil when the task has no wrong answers.
  func accuracy(of model: Transformer) -> Double? {
    guard allows(Accuracy()) else { return nil }
    return InterventionRuns(model: model, task: self).fullModel(by: Accuracy()).mean
  }

  /// What is to be said of the prompts, and when a model does not do the task: there is no circuit to be found then.
  func warnings(about model: Transformer, _ accuracy: Double?) -> [String] {
    notes + [weakness(of: model, accuracy)].compactMap(\.self)
  }

  private func weakness(of model: Transformer, _ accuracy: Double?) -> String? {
    guard let accuracy, accuracy < 0.75 else { return nil }
    return """
      warning: \(model.name) prefers a right answer on only \(Numbers.percent(accuracy)) of the \
      \(Numbers.count(pairs.count, "prompt")) of \(name), where chance is near 50 %: what is found need not be \
      a circuit of this task.
      """
  }
}

extension Transformer {
  /// What is said when numbers overflow: which stored matrix is to blame, if one is, or where it begins.
  func overflow(_ what: String, on task: CircuitTask) -> ExperimentError {
    if let matrix = brokenMatrix {
      return ExperimentError(
        "\(what): the tensor \"\(matrix)\" of \(name) holds an infinity or NaN.")
    }
    let place = task.batches(plainBatch).lazy.flatMap { [$0.clean, $0.corrupted] }
      .compactMap { PlainRun(self, batch: $0).forward().overflow }.first
    let begin = place.map { "it begins in \($0); " } ?? ""
    return ExperimentError("\(what); \(begin)check the model's weights.")
  }
}

extension PlainRun.Result {
  /// The first part of the model in which a number is NaN or infinite; nil when all are finite.
  fileprivate var overflow: String? {
    guard writes.input.isFinite else { return "the embedding" }
    for (layer, (heads, mlp)) in zip(writes.heads, writes.mlps).enumerated() {
      guard heads.isFinite else { return "the attention of layer \(layer)" }
      guard mlp.isFinite else { return "the MLP of layer \(layer)" }
    }
    return logits.isFinite ? nil : "the logits"
  }
}

extension Faithfulness {
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  func requireNumbers(of model: Transformer, on task: CircuitTask) throws {
    guard isFinite else {
      throw model.overflow("The metric of a run is NaN or infinite", on: task)
    }
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
