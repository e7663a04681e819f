public import Graphs
public import Models
public import Tasks
import Tensors

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

  /// Takes the three measurements.
  public init(full: PromptValues, empty: PromptValues, circuit: PromptValues) {
    self.full = full
    self.empty = empty
    self.circuit = circuit
  }

  /// Whether all three measurements are numbers.
  public var isFinite: Bool { [full, empty, circuit].allSatisfy { $0.mean.isFinite } }

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

  /// The faithfulness of a circuit by the task's own metric.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph, maybe with grouped keys and values.
  ///   - progress: Is told about every batch.
  /// - Returns: The metric of the full model, the empty circuit and the circuit.
  public func faithfulness(
    of circuit: Circuit, progress: RunProgress.Handler = { _ in }
  ) -> Faithfulness {
    faithfulness(of: circuit, by: [task.metric], progress: progress)[0]
  }

  /// The faithfulness of a circuit by several metrics, from the same runs.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph, maybe with grouped keys and values.
  ///   - metrics: Metrics whose answers the task's pairs have.
  ///   - progress: Is told about every batch.
  /// - Returns: One for each metric.
  /// - Complexity: Two plain forward passes and one masked one; with an ablation other than resample
  ///   one plain pass becomes masked, and means take one more.
  public func faithfulness(
    of circuit: Circuit, by metrics: [any Metric], progress: RunProgress.Handler = { _ in }
  ) -> [Faithfulness] {
    let values = AblationValues(ablation, task: task, model: model)
    let none = [[Double]](repeating: [], count: metrics.count)
    var (full, empty, kept) = (none, none, none)
    let batches = task.batches(model.maskedBatch(withGradients: false))
    for (index, batch) in batches.enumerated() {
      progress(RunProgress("evaluating", done: index, total: batches.count))
      let reference = model.logits(batch.clean)
      let add = { (logits: Tensor, sums: inout [[Double]]) in
        let input = MetricInput(logits: logits, batch: batch, reference: reference)
        for (index, metric) in metrics.enumerated() { sums[index] += metric.evaluate(input).values }
      }
      let corrupted =
        ablation == .resample ? PlainRun(model, batch: batch.corrupted).forward() : nil
      let ablated = values.writes(for: batch, corrupted: corrupted?.writes)
      let masked = { mask in
        MaskedRun(model, batch: batch.clean, mask: mask, ablated: ablated).forward().logits
      }
      add(reference, &full)
      add(corrupted?.logits ?? masked(EdgeMask(0, graph: circuit.graph)), &empty)
      add(masked(EdgeMask(circuit)), &kept)
    }
    progress(RunProgress("evaluating", done: batches.count, total: batches.count))
    return metrics.indices.map {
      Faithfulness(
        full: PromptValues(full[$0]), empty: PromptValues(empty[$0]),
        circuit: PromptValues(kept[$0]))
    }
  }
}
