import Engine
import Evaluation
import Foundation
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
    model.notes + notes
      + [sameness, copies, missingSpace(for: model), weakness(of: model, accuracy)]
      .compactMap(\.self)
  }

  /// What is to be said of pairs whose prompts are the same.
  private var sameness: String? {
    let count = pairs.count { $0.clean == $0.corrupted }
    guard count > 0 else { return nil }
    return """
      warning: the prompts of \(Numbers.count(count)) of \(Numbers.count(pairs.count, "pair")) do not differ: resampling \
      changes nothing there, and no ratio is made of them.
      """
  }

  /// What is to be said of pairs that are there more than once: a standard error counts each as another one.
  private var copies: String? {
    let distinct = Set(
      pairs.map {
        [$0.clean, $0.corrupted, $0.answers, $0.wrongAnswers, $0.positions.map(Int32.init)]
      }
    ).count
    guard distinct < pairs.count else { return nil }
    return """
      note: only \(Numbers.count(distinct)) of \(Numbers.count(pairs.count, "pair")) are distinct: standard errors and \
      intervals are narrower than so few allow.
      """
  }

  /// What is to be said when words as answers lack the space before them that would make them far likelier.
  private func missingSpace(for model: Transformer) -> String? {
    guard let tokenizer = model.tokenizer, allows(LogLikelihood()) else { return nil }
    let some = pairs.prefix(50)
    var spaced: [PromptPair] = []
    for pair in some {
      let token = pair.answers[0]
      let text = tokenizer.decode([token])
      let other = tokenizer.encode(continuing: " " + text)
      guard text.first?.isLetter ?? false, other.count == 1 else { return nil }
      spaced.append(pair.answered(by: other))
    }
    let likelihood = { (pairs: [PromptPair]) -> Double? in
      let task = try? CircuitTask(
        name: name, pairs: pairs, metric: LogLikelihood(), model: model)
      return task.map {
        InterventionRuns(model: model, task: $0).fullModel(by: LogLikelihood()).mean
      }
    }
    guard let own = likelihood(some.map { $0.answered(by: [$0.answers[0]]) }),
      let better = likelihood(spaced), better - own > log(10)
    else { return nil }
    return """
      note: with a space before it an answer is \(Numbers.short(exp(better - own))) times likelier on these prompts, as \
      "\(tokenizer.decode(spaced[0].answers))" is than "\(tokenizer.decode([some[0].answers[0]]))": the space probably \
      belongs to the answers.
      """
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

extension PromptPair {
  /// The same prompts with other right answers and no wrong ones.
  fileprivate func answered(by answers: [Int32]) -> PromptPair {
    PromptPair(
      clean: clean, corrupted: corrupted, answers: answers, wrongAnswers: [], positions: positions)
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
