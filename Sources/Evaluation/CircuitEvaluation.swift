public import Graphs
public import Engine
public import Tasks

/// Runs a task through circuits of a model.
///
/// Means over the prompts are taken at their first use, once for everything that is measured by copies of it.
public struct CircuitEvaluation: Sendable {
  let runs: InterventionRuns
  let scheme: AblationScheme
  var model: Transformer { runs.model }
  package var task: CircuitTask { runs.task }

  /// Chooses what is run.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - task: The prompts and the metric.
  ///   - scheme: What is ablated, by what and where.
  public init(model: Transformer, task: CircuitTask, scheme: AblationScheme = AblationScheme()) {
    self.init(model: model, task: task, scheme: scheme, weights: nil)
  }

  /// Chooses what is run, with which of the model's weights in circuits; nil for all.
  package init(
    model: Transformer, task: CircuitTask, scheme: AblationScheme = AblationScheme(),
    weights: WeightMask?
  ) {
    runs = InterventionRuns(model: model, task: task, weights: weights)
    self.scheme = scheme
  }

  /// The same, with some of the model's weights in circuits; nil for all.
  package func keeping(_ weights: WeightMask?) -> CircuitEvaluation {
    weights.map { CircuitEvaluation(model: model, task: task, scheme: scheme, weights: $0) } ?? self
  }

  /// Chooses what edges outside of a circuit carry.
  public init(model: Transformer, task: CircuitTask, ablation: Ablation) {
    self.init(model: model, task: task, scheme: AblationScheme(ablation))
  }

  /// The faithfulness of a circuit by the task's own metric.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph, maybe with grouped keys and values.
  ///   - progress: Is told about every run.
  /// - Returns: The metric of the full model, the empty circuit and the circuit.
  public func faithfulness(
    of circuit: Circuit, progress: RunProgress.Handler = { _ in }
  ) -> Faithfulness {
    faithfulness(of: [circuit], by: [task.metric], progress: progress)[0][0]
  }

  /// The faithfulness of several circuits by several metrics, in one pass over the prompts.
  ///
  /// - Parameters:
  ///   - circuits: Circuits of one graph, the model's, maybe with grouped keys and values.
  ///   - metrics: Metrics whose answers the task's pairs have.
  ///   - progress: Is told about every run.
  /// - Returns: One for each circuit and metric.
  /// - Complexity: As ``InterventionRuns/measure(_:by:progress:)``.
  public func faithfulness(
    of circuits: [Circuit], by metrics: [any Metric], progress: RunProgress.Handler = { _ in }
  ) -> [[Faithfulness]] {
    guard let graph = circuits.first?.graph else { return [] }
    let measured = runs.measure(
      [scheme.everyEdge(of: graph)] + circuits.map(scheme.intervention(on:)), by: metrics,
      progress: progress)
    return measured.values.dropFirst().map { values in
      metrics.indices.map {
        Faithfulness(
          full: measured.full[$0], empty: measured.values[0][$0], circuit: values[$0])
      }
    }
  }
}

extension CircuitTask {
  /// The task's own metric, and then all others whose answers its pairs have.
  package var allowedMetrics: [any Metric] {
    [metric] + Metrics.all.filter { $0.name != metric.name && allows($0) }
  }
}
