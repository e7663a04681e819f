import Graphs
import Models
import Tasks
import Tensors

/// A batch of a problem's prompts with the run from which single edges are ablated.
struct IntactBatch {
  let batch: PairBatch
  let ablated: AblatedStream
  /// The full model's logits.
  let reference: ReferenceLogits
  /// The outputs whose logits the metric reads; nil for all.
  private let outputs: [Int32]?
  /// The full model's run as a state of the masked engine.
  let state: MaskedState
  private let problem: DiscoveryProblem

  /// - Complexity: One forward pass, and one more when ablated values are those of corrupted prompts.
  init(_ batch: PairBatch, of problem: DiscoveryProblem, _ values: AblationValues) {
    self.batch = batch
    self.problem = problem
    ablated = AblatedStream(values.writes(for: batch), model: problem.model)
    let full = PlainRun(problem.model, batch: batch.clean).forward(keepsTape: true)
    guard let tape = full.tape else { preconditionFailure("a run that kept no tape") }
    reference = ReferenceLogits(full.logits)
    outputs = problem.task.metric.readsAnswersOnly ? batch.outputs : nil
    state = MaskedState(
      intact: tape, writes: full.writes, ablated: ablated, graph: problem.graph,
      model: problem.model)
  }

  func run(_ mask: EdgeMask) -> MaskedRun {
    MaskedRun(problem.model, batch: batch.clean, mask: mask, ablated: ablated)
  }

  /// The sum of the full model's metric over the batch's prompts.
  var fullMetric: Double {
    problem.task.metric.measure(reference.logits, of: batch, reference: reference).values
      .reduce(0, +)
  }

  /// The sum of the metric over the batch's prompts, for each trial.
  func metric(_ trials: ReaderTrials, _ columns: [[Float]]) -> [Double] {
    stride(from: 0, to: columns.count, by: trials.capacity).flatMap { first in
      let some = Array(columns[first..<min(first + trials.capacity, columns.count)])
      return problem.task.metric.values(
        ofRuns: trials.logits(some, of: outputs), of: batch, reference: reference
      ).map { $0.reduce(0, +) }
    }
  }
}

extension DiscoveryProblem {
  /// The prompts in batches for masked runs, each with its intact run; made one by one.
  func intactBatches() -> some Sequence<IntactBatch> {
    let values = AblationValues(ablation, task: ablationTask, model: model)
    return task.batches(model.maskedBatch(withGradients: false)).lazy.map {
      IntactBatch($0, of: self, values)
    }
  }
}
