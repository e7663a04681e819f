public import Graphs
import Models
public import Tasks
import Tensors

/// What one edge contributes to a circuit: how far the metric falls without it.
public struct EdgeContribution: Sendable, Equatable {
  /// An edge of the circuit.
  public let edge: Edge
  /// `m(C) − m(C without the edge)` of each prompt; near 0 when the circuit does without it.
  public let effect: PromptValues

  /// Takes what was measured.
  public init(edge: Edge, effect: PromptValues) {
    self.edge = edge
    self.effect = effect
  }
}

extension CircuitEvaluation {
  /// The exact effect of each of a circuit's edges, by the task's own metric.
  ///
  /// Edges are ablated one at a time, as the scheme's ablation and positions say. Each run starts from
  /// the circuit's own and computes only what lies between the edge and the logits.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph.
  ///   - progress: Is told about every run.
  /// - Returns: One for each edge, in canonical order.
  /// - Complexity: For each edge one masked pass or less.
  public func minimality(
    of circuit: Circuit, progress: RunProgress.Handler = { _ in }
  ) -> [EdgeContribution] {
    let sources = [
      scheme.ablation: AblationValues(scheme.ablation, task: task, model: model)
    ]
    let edges = circuit.edges
    var effects = [[Double]](repeating: [], count: edges.count)
    let batches = task.batches(model.maskedBatch(withGradients: false))
    var done = 0
    for batch in batches {
      var runs = BatchRuns(model: model, batch: batch, sources: sources)
      let reference = runs.clean.logits
      let metric = { (logits: Tensor) in
        task.metric.evaluate(MetricInput(logits: logits, batch: batch, reference: reference)).values
      }
      var intervention = Intervention(
        mask: EdgeMask(circuit), ablation: scheme.ablation, positions: scheme.positions)
      let start = runs.start(intervention)
      let whole = runs.forward(intervention)
      let intact = metric(whole.logits)
      for (index, edge) in edges.enumerated() {
        progress(
          RunProgress("ablating edges", done: done, total: edges.count * batches.count))
        intervention.mask[edge] = 0
        defer { intervention.mask[edge] = 1 }
        let without = metric(runs.run(intervention, start).forward(from: whole.state).logits)
        effects[index] += zip(intact, without).map { $0 - $1 }
        done += 1
      }
    }
    progress(RunProgress("ablating edges", done: done, total: done))
    return zip(edges, effects).map { EdgeContribution(edge: $0, effect: PromptValues($1)) }
  }
}
