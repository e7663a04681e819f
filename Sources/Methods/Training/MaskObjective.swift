import Foundation
import Engine
import Graphs
import Tasks
package import Tensors

/// The loss of a mask: minus the metric of the masked run, and what its size costs.
///
///     L = −mean over masks and prompts of metric(run at z) [/ |m(M) − m(∅)|] + sparsity
///
/// What absent edges carry may be trained beside the mask, a constant for each writer (2409.09951).
package struct MaskObjective: Trainable {
  private let recipe: MaskRecipe
  private let map: MaskMap
  private let metric: any DifferentiableMetric
  private let batches: [PreparedBatch]
  /// What the metric is divided by.
  private let scale: Double
  /// What absent edges carry, where that is trained, and where it starts: at the means of corrupted prompts.
  package let constants: Constants?

  /// What absent edges carry, as numbers that are trained.
  package struct Constants: Sendable {
    let writes: ConstantWrites
    let start: [Double]
    private let model: Transformer

    /// The means of corrupted prompts.
    init?(_ problem: DiscoveryProblem) {
      guard let rows = problem.ablationValues.rows else { return nil }
      model = problem.model
      writes = ConstantWrites(model)
      start = writes.numbers(rows.value)
    }

    /// The file that `--ablation optimal:` takes.
    func file(_ numbers: [Double]) throws -> Data {
      try LearnedConstants.safetensors(writes.writes(numbers), of: model)
    }
  }

  /// Prepares all prompts.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient or lacks answers.
  package init(_ recipe: MaskRecipe, _ problem: DiscoveryProblem) throws(MethodError) {
    self.recipe = recipe
    let problem = recipe.learnsConstants ? problem.ablated(by: .mean()) : problem
    constants = recipe.learnsConstants ? Constants(problem) : nil
    map = MaskMap(recipe.units, problem.graph)
    metric = try recipe.metric.metric(for: problem)
    batches = recipe.batches(problem).map { PreparedBatch($0, of: problem) }
    scale = recipe.isNormalized ? Self.scale(problem, batches, metric) : 1
  }

  package var groups: [NumberGroup] {
    [
      NumberGroup(
        "\(recipe.units)", start: recipe.startNumbers(map), optimiser: recipe.optimiser,
        longestGradient: recipe.longestGradient)
    ]
      + [
        recipe.sparsity.multipliers(of: map.count, steps: recipe.steps),
        constants.map {
          NumberGroup("constants", start: $0.start, optimiser: .adam(Adam(rate: 0.01)))
        },
      ].compactMap(\.self)
  }

  package func loss(
    _ numbers: [[Double]], step: Int, using generator: inout SeededGenerator
  ) -> LossGradient {
    let batch = batches[step % batches.count].repeated(recipe.drawCount)
    let behind = recipe.movesMasks ? numbers[0] : recipe.startNumbers(map)
    let draws = (0..<(recipe.drawCount == 0 ? 1 : batch.batch.promptCount)).map { _ in
      recipe.parametrisation.draw(behind, using: &generator)
    }
    return loss(
      numbers, draws, on: batch, progress: Double(step) / Double(recipe.steps))
  }

  /// The loss of given masks on the first batch; for tests.
  package func loss(
    _ numbers: [[Double]], _ draws: [MaskDraw], progress: Double
  ) -> LossGradient {
    loss(numbers, draws, on: batches[0].repeated(recipe.drawCount), progress: progress)
  }

  private func loss(
    _ numbers: [[Double]], _ draws: [MaskDraw], on batch: PreparedBatch, progress: Double
  ) -> LossGradient {
    let masks = draws.map { map.mask($0.values) }
    let batch = carrying(numbers, batch)
    let run = masks.count == 1 ? batch.run(masks[0]) : batch.run(masks)
    let result = run.taped()
    let measured = metric.measure(result.logits, of: batch.batch, reference: batch.reference)
    let share = 1 / (scale * Double(batch.batch.promptCount))
    var dlogits = measured.gradient
    dlogits.scale(by: Float(-share))
    let found = run.backward(
      dlogits, result.tape, wanting: constants == nil ? .mask : [.mask, .ablated])
    let byMasks = zip(found.masks, draws).map { map.gradient($0, $1.values) }
    var gradient = recipe.parametrisation.gradient(byMasks, of: draws)
    let byConstants = found.ablated.flatMap { constants?.writes.gradient($0) }
    let multipliers = numbers.dropFirst().prefix(numbers.count - (constants == nil ? 1 : 2))
    let cost = recipe.sparsity.cost(
      numbers[0], draws, multipliers: multipliers.first ?? [], progress: progress,
      recipe.parametrisation, map)
    for index in gradient.indices { gradient[index] += cost.numbers[index] }
    return LossGradient(
      loss: cost.cost - share * measured.values.reduce(0, +),
      gradients: [gradient] + multipliers.map { _ in cost.multipliers }
        + [byConstants].compactMap(\.self))
  }

  /// A batch in which absent edges carry the constants that are trained, if any are.
  private func carrying(_ numbers: [[Double]], _ batch: PreparedBatch) -> PreparedBatch {
    guard let constants, let row = numbers.last else { return batch }
    return batch.carrying(constants.writes.writes(row))
  }

  /// What the metrics of full model and empty circuit differ by; 1 where they do not.
  static func scale(
    _ problem: DiscoveryProblem, _ batches: [PreparedBatch], _ metric: any Metric
  ) -> Double {
    let sum = { (logits: Tensor, batch: PreparedBatch) in
      metric.values(
        ofRuns: logits, of: batch.batch, reference: batch.reference)[0].reduce(0, +)
    }
    let difference = batches.reduce(0) { total, batch in
      let empty = batch.run(EdgeMask(0, graph: problem.graph)).forward()
      return total + sum(batch.reference.logits, batch) - sum(empty.logits, batch)
    }
    let scale = abs(difference) / Double(problem.task.pairs.count)
    return scale > 1e-6 ? scale : 1
  }

  /// How many are kept when the largest are, and the metric of that on the first batch.
  package func note(_ numbers: [[Double]], step: Int) -> String {
    let count = recipe.keptCount(numbers[0])
    let values = recipe.parametrisation.deterministicMask(numbers[0], keeping: count)
    let batch = carrying(numbers, batches[0])
    let logits = batch.run(map.mask(values)).forward().logits
    let found = metric.values(ofRuns: logits, of: batch.batch, reference: batch.reference)[0]
    let mean = (found.reduce(0, +) / Double(found.count)).formatted(
      .number.precision(.significantDigits(3)))
    return "\(metric.name) \(mean) with \(count) of \(numbers[0].count) kept"
  }
}

extension MaskRecipe {
  /// How many numbers are kept when the largest are: those likely there, or a tenth where every size is trained.
  package func keptCount(_ numbers: [Double]) -> Int {
    switch sparsity {
    case .none: numbers.count / 10
    case .price, .priceEach: numbers.count { $0 > 0 }
    case .targets:
      // As many zeros as are expected, so that halves round towards fewer kept, as in the public code.
      numbers.count
        - Int((numbers.reduce(0) { $0 + 1 - parametrisation.presence($1).value }).rounded())
    }
  }
}
