package import Engine
package import Graphs
package import Tasks
package import Tensors

/// The loss of learned constants in place of what circuits leave out: optimal ablation (arXiv 2409.09951).
///
///     L = −mean over prompts of metric(run of the circuit with ã_w = c_w at every token)
///
/// The constants start at the writers' means over all corrupted prompts, which is mean ablation.
package struct ConstantObjective: Trainable {
  /// What is intact while constants are learned.
  package enum Intact: Sendable {
    /// One circuit.
    case circuit(Circuit)
    /// At each step other edges: each is intact with one chance, itself uniform between 0 and 1.
    case random(ComputationGraph)
  }

  /// What constants are trained for.
  package let metric: any DifferentiableMetric
  /// The constants as numbers.
  package let constants: ConstantWrites
  private let model: Transformer
  private let intact: Intact
  private let optimiser: Optimiser
  private let start: [Double]
  private let batches: [(prompts: PairBatch, reference: ReferenceLogits)]

  /// Runs the full model on all prompts, twice.
  ///
  /// - Parameters:
  ///   - intact: What is intact while constants are learned.
  ///   - model: The model.
  ///   - task: The prompts.
  ///   - metric: What constants are trained for.
  ///   - promptCount: The most prompts of a batch; nil for as many as memory allows.
  ///   - optimiser: How constants are moved.
  /// - Throws: ``MethodError`` when the metric has no gradient or lacks answers.
  package init(
    _ intact: Intact, model: Transformer, task: CircuitTask, metric: TrainedMetric,
    promptCount: Int? = nil, optimiser: Optimiser
  ) throws(MethodError) {
    let problem = DiscoveryProblem(model: model, task: task, ablation: .mean())
    self.metric = try metric.metric(for: problem)
    self.model = model
    self.intact = intact
    self.optimiser = optimiser
    constants = ConstantWrites(model)
    guard let means = problem.ablationValues.rows else {
      preconditionFailure("a mean is a row of writes")
    }
    start = constants.numbers(means.value)
    batches = problem.trainingBatches(of: promptCount).map { batch in
      (batch, ReferenceLogits(PlainRun(model, batch: batch.clean).forward().logits))
    }
  }

  package var groups: [NumberGroup] {
    [NumberGroup("constants", start: start, optimiser: optimiser)]
  }

  package func loss(
    _ numbers: [[Double]], step: Int, using generator: inout SeededGenerator
  ) -> LossGradient {
    loss(numbers[0], mask(using: &generator), onBatch: step % batches.count)
  }

  /// The loss of constants under a mask, on one batch.
  package func loss(
    _ numbers: [Double], _ mask: EdgeMask, onBatch index: Int = 0
  ) -> LossGradient {
    let (batch, reference) = batches[index]
    let rows = [Int32](repeating: 0, count: batch.clean.tokens.count)
    let run = MaskedRun(
      model, batch: batch.clean, mask: mask,
      ablated: AblatedStream(
        constants.writes(numbers).map { $0.gatherRows(rows) }, model: model))
    let result = run.taped()
    let measured = metric.measure(result.logits, of: batch, reference: reference)
    let share = 1 / Double(batch.promptCount)
    var dlogits = measured.gradient
    dlogits.scale(by: Float(-share))
    guard let ablated = run.backward(dlogits, result.tape, wanting: .ablated).ablated else {
      preconditionFailure("a gradient that was asked for")
    }
    return LossGradient(
      loss: -share * measured.values.reduce(0, +), gradients: [constants.gradient(ablated)])
  }

  /// What is intact in one step.
  package func mask(using generator: inout SeededGenerator) -> EdgeMask {
    switch intact {
    case .circuit(let circuit): return EdgeMask(circuit)
    case .random(let graph):
      var mask = EdgeMask(0, graph: graph)
      let chance = Double.random(in: 0..<1, using: &generator)
      for offset in graph.edgeOffsets where Double.random(in: 0..<1, using: &generator) < chance {
        mask[
          writer: offset / graph.readerCount, reader: offset % graph.readerCount] = 1
      }
      return mask
    }
  }

  package func note(_ numbers: [[Double]], step: Int) -> String {
    "\(numbers[0].count) numbers for \(metric.name)"
  }
}
