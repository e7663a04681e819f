public import Graphs
public import Models
public import Tasks

/// A metric over the prompts of a task.
public struct PromptValues: Sendable, Equatable {
  /// The metric of each prompt, in the task's order.
  public let values: [Double]

  /// Takes the metric of each prompt.
  public init(_ values: [Double]) { self.values = values }

  /// The mean over prompts.
  public var mean: Double { values.reduce(0, +) / Double(values.count) }
}

/// How much of a behaviour is left in a circuit.
public struct Faithfulness: Sendable, Equatable {
  /// The metric of the full model on the clean prompts.
  public let full: PromptValues
  /// The metric with every edge ablated; with resampling, of the corrupted run.
  public let empty: PromptValues
  /// The metric of the circuit.
  public let circuit: PromptValues

  /// `(m(C) − m(∅)) / (m(M) − m(∅))` of the means; not a number when full and empty are equal.
  public var value: Double {
    (circuit.mean - empty.mean) / (full.mean - empty.mean)
  }
}

/// Runs a task through circuits of a model.
public struct CircuitEvaluation: Sendable {
  private let model: Transformer
  private let task: CircuitTask
  private let ablation: Ablation

  /// Chooses what is run.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - task: The prompts and the metric.
  ///   - ablation: What edges outside of a circuit carry.
  public init(model: Transformer, task: CircuitTask, ablation: Ablation = .resample) {
    self.model = model
    self.task = task
    self.ablation = ablation
  }

  /// The metric of the full model on the clean prompts; one forward pass.
  public func full() -> PromptValues {
    PromptValues(
      task.batches(tokenLimit: model.plainBatchTokens).flatMap { batch in
        let logits = model.logits(batch.clean)
        return task.metric.evaluate(
          MetricInput(logits: logits, batch: batch, reference: logits)
        ).values
      })
  }

  /// The faithfulness of a circuit.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph, maybe with grouped keys and values.
  ///   - progress: Is told about every batch.
  /// - Complexity: Two plain forward passes and one masked one; two with an ablation other than resample.
  public func faithfulness(
    of circuit: Circuit, progress: RunProgress.Handler = { _ in }
  ) -> Faithfulness {
    let values = AblationValues(ablation, task: task, model: model)
    var (full, empty, kept): ([Double], [Double], [Double]) = ([], [], [])
    let batches = task.batches(tokenLimit: model.maskedBatchTokens(withGradients: false))
    for (index, batch) in batches.enumerated() {
      progress(RunProgress("evaluating", done: index, total: batches.count))
      let reference = model.logits(batch.clean)
      let metric = { logits in
        task.metric.evaluate(
          MetricInput(logits: logits, batch: batch, reference: reference)
        ).values
      }
      let ablated = values.writes(for: batch)
      let masked = { mask in
        metric(
          MaskedRun(model, batch: batch.clean, mask: mask, ablated: ablated).forward().logits)
      }
      full += metric(reference)
      empty +=
        ablation == .resample
        ? metric(model.logits(batch.corrupted)) : masked(EdgeMask(0, graph: circuit.graph))
      kept += masked(EdgeMask(circuit))
    }
    progress(RunProgress("evaluating", done: batches.count, total: batches.count))
    return Faithfulness(
      full: PromptValues(full), empty: PromptValues(empty), circuit: PromptValues(kept))
  }
}
