import Graphs
public import Engine
public import Tasks
import Tensors

/// What several interventions do on the prompts of a task.
public struct InterventionValues: Sendable {
  /// For each metric, of the full model on the clean prompts.
  public let full: [PromptValues]
  /// For each intervention and metric.
  public let values: [[PromptValues]]
}

/// Runs the prompts of a task under interventions.
///
/// Means over the prompts are taken at their first use, once for everything that is measured by copies of it.
public struct InterventionRuns: Sendable {
  let model: Transformer
  let task: CircuitTask
  /// The model whose edges are ablated: the model itself, or what some of its weights make.
  let circuitModel: Transformer
  let hasAllWeights: Bool
  /// Of ablations that take means, so that they are taken once.
  private let ablationValues: [Ablation: AblationValues]

  /// Chooses what is run.
  public init(model: Transformer, task: CircuitTask) {
    self.init(model: model, task: task, weights: nil)
  }

  /// Chooses what is run, with which of the model's weights under interventions; nil for all.
  package init(model: Transformer, task: CircuitTask, weights: WeightMask?) {
    self.model = model
    hasAllWeights = weights == nil
    circuitModel = weights.map(model.masked(by:)) ?? model
    self.task = task
    ablationValues = Dictionary(
      uniqueKeysWithValues: Ablation.allCases.map {
        ($0, AblationValues($0, task: task, model: model))
      })
  }

  /// What an ablation puts in place of writes.
  func values(_ ablation: Ablation) -> AblationValues {
    ablationValues[ablation] ?? AblationValues(ablation, task: task, model: model)
  }

  /// Measures the full model on the clean prompts.
  ///
  /// - Parameter metric: A metric whose answers the task's pairs have.
  /// - Returns: The metric of every prompt.
  /// - Complexity: One forward pass, of which nothing is kept.
  public func fullModel(by metric: any Metric) -> PromptValues {
    PromptValues(
      task.batches(model.plainBatch).flatMap { batch in
        let logits = PlainRun(model, batch: batch.clean).forward().logits
        return metric.values(
          ofRuns: logits, of: batch,
          reference: metric.needsReference ? ReferenceLogits(logits) : nil)[0]
      })
  }

  /// Measures interventions in one pass over the prompts.
  ///
  /// For each batch the clean run, the ablated values and a run with every edge ablated are made once;
  /// each intervention then computes what differs from one of those and matters for the logits.
  ///
  /// - Parameters:
  ///   - interventions: Their masks belong to one graph, the model's.
  ///   - metrics: Metrics whose answers the task's pairs have.
  ///   - progress: Is told about every run.
  /// - Returns: The metrics of every prompt.
  /// - Complexity: One forward pass for the full model, one or two for each ablation, one more for means at
  ///   their first use, and one masked pass or less for each intervention, or more where it leaves some
  ///   positions intact.
  public func measure(
    _ interventions: [Intervention], by metrics: [any Metric],
    progress: RunProgress.Handler = { _ in }
  ) -> InterventionValues {
    let ablations = interventions.map(\.ablation).reduce(into: [Ablation]()) { known, ablation in
      if !known.contains(ablation) { known.append(ablation) }
    }
    var full = [[Double]](repeating: [], count: metrics.count)
    var values = [[[Double]]](repeating: full, count: interventions.count)
    let batches = task.batches(
      model.maskedBatch(withGradients: false),
      // With other weights, other keys and values precede what pairs do not share.
      sharesStarts: hasAllWeights && ablations.allSatisfy(model.sharesStarts(under:)))
    let total = batches.count * (interventions.count + 1)
    var first = 0
    for (index, batch) in batches.enumerated() {
      var done = index * (interventions.count + 1)
      progress(RunProgress("evaluating", done: done, total: total))
      var runs = BatchRuns(self, batch: batch, from: first)
      first += batch.promptCount
      let reference = ReferenceLogits(runs.cleanLogits)
      let add = { (logits: Tensor, sums: inout [[Double]]) in
        for (index, metric) in metrics.enumerated() {
          sums[index] += metric.values(ofRuns: logits, of: batch, reference: reference)[0]
        }
      }
      add(reference.logits, &full)
      // One ablation after another, so that the states of one are held at a time.
      for ablation in ablations {
        for place in interventions.indices where interventions[place].ablation == ablation {
          add(runs.logits(interventions[place]), &values[place])
          done += 1
          progress(RunProgress("evaluating", done: done + 1, total: total))
        }
        runs.forgetStates()
      }
    }
    progress(RunProgress("evaluating", done: total, total: total))
    return InterventionValues(
      full: full.map(PromptValues.init), values: values.map { $0.map(PromptValues.init) })
  }
}
