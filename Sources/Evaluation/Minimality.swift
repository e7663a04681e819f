public import Graphs
import Engine
public import Tasks
import Tensors

/// What one edge or node contributes to a circuit: how far the metric falls without it.
public struct Contribution: Sendable, Equatable {
  /// The name of the edge, or of the head or MLP.
  public let part: String
  /// `m(C) − m(C without the part)` of each prompt; near 0 when the circuit does without it.
  public let effect: PromptValues

  /// Takes what was measured.
  public init(part: String, effect: PromptValues) {
    self.part = part
    self.effect = effect
  }
}

extension CircuitEvaluation {
  /// The exact effect of each of a circuit's edges, or of its heads and MLPs, by the task's own metric.
  ///
  /// They are ablated one at a time, as the scheme's granularity, ablation and positions say. Each run starts
  /// from the circuit's own and computes only what lies between the edge and the logits.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph.
  ///   - progress: Is told about every run.
  /// - Returns: One for each part, in canonical order.
  /// - Complexity: For each part one masked pass or less.
  public func minimality(
    of circuit: Circuit, progress: RunProgress.Handler = { _ in }
  ) -> [Contribution] {
    contributions(
      of: scheme.parts(of: circuit), to: scheme.edges(of: circuit), progress: progress)
  }

  /// The exact effect of each of some parts of a circuit, of edges that need not all be the circuit's.
  func contributions(
    of parts: [(name: String, edges: Circuit)], to kept: Circuit, progress: RunProgress.Handler
  ) -> [Contribution] {
    var effects = [[Double]](repeating: [], count: parts.count)
    let batches = task.batches(model.maskedBatch(withGradients: false))
    var (done, first) = (0, 0)
    for batch in batches {
      var runs = BatchRuns(self.runs, batch: batch, from: first)
      first += batch.promptCount
      let reference = ReferenceLogits(runs.cleanLogits)
      let metric = { (logits: Tensor) in
        task.metric.values(ofRuns: logits, of: batch, reference: reference)[0]
      }
      let anchor = runs.anchor(scheme.keeping(kept))
      let intact = metric(anchor.logits)
      for (index, part) in parts.enumerated() {
        progress(
          RunProgress("ablating parts", done: done, total: parts.count * batches.count))
        let logits = runs.logits(scheme.keeping(kept.subtracting(part.edges)), near: anchor)
        effects[index] += zip(intact, metric(logits)).map { $0 - $1 }
        done += 1
      }
    }
    progress(RunProgress("ablating parts", done: done, total: done))
    return zip(parts, effects).map { Contribution(part: $0.name, effect: PromptValues($1)) }
  }
}
