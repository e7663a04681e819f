package import Engine
import Foundation
import Graphs
package import Tasks
package import Tensors

/// The loss of IBCircuit: what heads and MLPs write is mixed with noise, and what they still tell costs.
package struct NoiseObjective: Trainable {
  let settings: TrainingSettings
  private let map: MaskMap
  private let metric: any DifferentiableMetric
  private let problem: DiscoveryProblem
  private let batches: [NoisyBatch]

  package init(_ settings: TrainingSettings, _ problem: DiscoveryProblem) throws(MethodError) {
    self.settings = settings
    self.problem = problem
    map = MaskMap(.writers, problem.graph)
    metric = try settings.metric.metric(for: problem)
    batches = problem.trainingBatches(of: settings.promptCount, sharesStarts: false).map {
      NoisyBatch($0, model: problem.model)
    }
  }

  package var groups: [NumberGroup] {
    [
      NumberGroup(
        "writers", start: map.start(at: 5, by: settings.start),
        optimiser: .adam(Adam(rate: settings.learningRate)))
    ]
  }

  package func loss(
    _ numbers: [[Double]], step: Int, using generator: inout SeededGenerator
  ) -> LossGradient {
    let batch = batches[step % batches.count]
    return loss(
      numbers, on: batch, ablated: AblatedStream(batch.noise(&generator), model: problem.model))
  }

  private func loss(
    _ numbers: [[Double]], on batch: NoisyBatch, ablated: AblatedStream
  ) -> LossGradient {
    let draw = SigmoidMask().mask(numbers[0], noise: [])
    let run = MaskedRun(
      problem.model, batch: batch.batch.clean, mask: map.mask(draw.values), ablated: ablated)
    let result = run.taped()
    let measured = metric.measure(result.logits, of: batch.batch, reference: batch.reference)
    let share = 1 / Double(batch.batch.promptCount)
    var dlogits = measured.gradient
    dlogits.scale(by: Float(-share))
    let masks = run.backward(dlogits, result.tape, wanting: .mask).masks[0]
    var loss = -share * measured.values.reduce(0, +)
    var gradient = map.gradient(masks, draw.values)
    let price = settings.sparsity / Double(map.count)
    for index in gradient.indices {
      let told = InformationBottleneck.information(draw.values[index])
      loss += price * told.value
      gradient[index] = (gradient[index] + price * told.slope) * draw.slopes[index]
    }
    return LossGradient(loss: loss, gradients: [gradient])
  }

  func scores(_ numbers: [Double]) -> EdgeScores { map.scores(numbers.map { Float(sigmoid($0)) }) }

  package func note(_ numbers: [[Double]], step: Int) -> String {
    "\(numbers[0].count { $0 > 0 }) of \(numbers[0].count) heads and MLPs more signal than noise"
  }
}

/// Prompts with the mean and deviation of what is written in them.
package struct NoisyBatch {
  let batch: PairBatch
  let reference: ReferenceLogits
  private let input: Tensor
  /// Of the heads of each layer and then of the MLPs, for each column its mean and its deviation.
  private let statistics: [(mean: [Float], deviation: [Float])]
  private let layerCount: Int

  package init(_ batch: PairBatch, model: Transformer) {
    self.batch = batch
    layerCount = model.configuration.layerCount
    let full = PlainRun(model, batch: batch.clean).forward()
    reference = ReferenceLogits(full.logits)
    input = full.writes.input
    statistics = (full.writes.heads + full.writes.mlps).map(Self.statistics)
  }

  private static func statistics(_ tensor: Tensor) -> (mean: [Float], deviation: [Float]) {
    let (values, width, count) = (tensor.values(), tensor.columnCount, Double(tensor.rowCount))
    var (sums, squares) = (
      [Double](repeating: 0, count: width), [Double](repeating: 0, count: width)
    )
    for (place, value) in values.enumerated() {
      sums[place % width] += Double(value)
      squares[place % width] += Double(value) * Double(value)
    }
    let means = sums.map { $0 / count }
    return (
      means.map(Float.init),
      zip(squares, means).map { Float(max($0 / count - $1 * $1, 0).squareRoot()) }
    )
  }

  /// Writes of heads and MLPs drawn from the normal distribution that has their mean and deviation.
  package func noise(_ generator: inout SeededGenerator) -> CompactWrites {
    let rows = batch.clean.tokens.count
    let draws = statistics.map { mean, deviation in
      var values: [Float] = []
      values.reserveCapacity(rows * mean.count)
      for _ in 0..<rows {
        for column in mean.indices {
          values.append(mean[column] + deviation[column] * Float(generator.normal()))
        }
      }
      return Tensor(values, shape: [rows, mean.count], on: input.device)
    }
    return CompactWrites(
      input: input, heads: Array(draws.prefix(layerCount)), mlps: Array(draws.dropFirst(layerCount))
    )
  }
}
