import Engine
import Graphs
import Tasks
import Tensors

/// Trains a mask: a drawn mask is run, and its loss and sparsity penalty move the numbers behind it.
///
/// `loss = −metric(masked run) / |m(M) − m(∅)| + sparsity · mean chance that a mask value is not 0`, one batch
/// of prompts and one draw for each step, by Adam. The metric is divided by what full model and empty circuit
/// differ by, so that one sparsity suits all metrics.
struct MaskTrainer<Parametrisation: MaskParametrisation> {
  let parametrisation: Parametrisation
  let level: MaskLevel
  let settings: TrainingSettings

  /// How far a training has come.
  private struct State: Codable {
    var numbers: [Double]
    var adam: Adam
    var generator: SeededGenerator
    var step = 0
  }

  /// Trains the numbers, in the level's order.
  ///
  /// - Throws: ``MethodError``.
  func train(_ problem: DiscoveryProblem, _ run: MethodRun) throws(MethodError) -> [Double] {
    let metric = try problem.requireGradient()
    let count = level.count(problem.graph)
    let steps = settings.steps
    var state =
      try run.restored(State.self) {
        $0.numbers.count == count && $0.numbers.allSatisfy(\.isFinite)
          && (0...steps).contains($0.step) && $0.adam.hasMoved(count, steps: $0.step)
      }
      ?? State(
        numbers: [Double](repeating: parametrisation.start, count: count), adam: Adam(count: count),
        generator: SeededGenerator(seed: settings.seed))
    let batches = problem.trainingBatches.value.map { PreparedBatch($0, of: problem) }
    let scale = scale(problem, batches)
    while state.step < steps {
      run.progress(
        RunProgress("training the mask", done: state.step, total: steps, note: note(state.numbers)))
      run.keep(state)
      let gradient = gradient(
        &state, batches[state.step % batches.count], problem.graph, metric, scale)
      guard gradient.allSatisfy(\.isFinite) else { throw .notFinite }
      state.adam.update(&state.numbers, gradient, rate: settings.learningRate)
      state.step += 1
    }
    run.progress(RunProgress("training the mask", done: steps, total: steps))
    return state.numbers
  }

  /// The gradient of the loss on one batch, with one mask.
  private func gradient(
    _ state: inout State, _ batch: PreparedBatch, _ graph: ComputationGraph,
    _ metric: any DifferentiableMetric, _ scale: Double
  ) -> [Double] {
    var (values, slopes) = ([Double](), [Double]())
    for number in state.numbers {
      let (value, slope) = parametrisation.draw(number, using: &state.generator)
      values.append(value)
      slopes.append(slope)
    }
    let run = batch.run(level.mask(values, graph))
    let result = run.taped()
    var dlogits = metric.measure(
      result.logits, of: batch.batch, reference: batch.reference
    ).gradient
    dlogits.scale(by: Float(-1 / (scale * Double(batch.batch.promptCount))))
    let mask = run.backward(dlogits, result.tape, wanting: .mask).masks[0]
    let loss = level.gradient(mask, values, graph)
    let share = settings.sparsity / Double(state.numbers.count)
    return loss.indices.map {
      loss[$0] * slopes[$0] + share * parametrisation.presence(state.numbers[$0]).slope
    }
  }

  /// What the metrics of full model and empty circuit differ by; 1 where they do not.
  private func scale(_ problem: DiscoveryProblem, _ batches: [PreparedBatch]) -> Double {
    let sum = { (logits: Tensor, batch: PreparedBatch) in
      problem.task.metric.values(
        ofRuns: logits, of: batch.batch, reference: batch.reference)[0].reduce(0, +)
    }
    let difference = batches.reduce(0) { total, batch in
      let empty = batch.run(EdgeMask(0, graph: problem.graph)).forward()
      return total + sum(batch.reference.logits, batch) - sum(empty.logits, batch)
    }
    let scale = abs(difference) / Double(problem.task.pairs.count)
    return scale > 1e-6 ? scale : 1
  }

  /// What is said of a training so far.
  private func note(_ numbers: [Double]) -> String {
    "\(numbers.count { $0 > 0 }) of \(numbers.count) likely kept"
  }
}

/// How a mask is trained.
public struct TrainingSettings: Sendable, Equatable {
  /// How many batches of prompts are run, one after another and again from the first.
  public var steps: Int
  /// How far Adam moves.
  public var learningRate: Double
  /// What keeping everything costs, in units of what full model and empty circuit differ by.
  public var sparsity: Double
  /// Where the random choices start.
  public var seed: UInt64

  /// Settings with the learning rate of auto-circuit's subnetwork probing.
  public init(
    steps: Int = 300, learningRate: Double = 0.1, sparsity: Double = 1, seed: UInt64 = 0
  ) {
    self.steps = steps
    self.learningRate = learningRate
    self.sparsity = sparsity
    self.seed = seed
  }
}
