import Engine
import Foundation
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// IBCircuit: what a mixture with noise tells, and gradients through it.
@Suite struct InformationBottleneckTests {
  /// KL(N(w a + (1 − w) μ, (1 − w)² σ²) ‖ N(μ, σ²)) over numbers whose mean is μ and whose deviation is σ.
  @Test(arguments: [0.01, 0.3, 0.9, 0.999]) func `what is told is a divergence of normals`(
    weight: Double
  ) {
    let numbers = [-3.0, 1, 2.5, 7]
    let mean = numbers.reduce(0, +) / 4
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4
    let divergence = numbers.reduce(0.0) { sum, number in
      let (shift, scale) = (weight * (number - mean), (1 - weight) * variance.squareRoot())
      return sum
        + (log(variance.squareRoot() / scale) + (scale * scale + shift * shift) / (2 * variance)
          - 0.5) / 4
    }
    let found = InformationBottleneck.information(weight)
    #expect(abs(found.value - divergence) < 1e-9 * max(divergence, 1))
    let step = 1e-6
    let difference =
      (InformationBottleneck.information(weight + step).value
        - InformationBottleneck.information(weight - step).value) / (2 * step)
    #expect(abs(difference - found.slope) < 1e-3 * max(abs(found.slope), 1))
  }

  @Test(arguments: ["gpt2", "llama"]) func `gradients are finite differences`(family: String) throws
  {
    let golden = try GoldenModel(family)
    let problem = DiscoveryProblem(model: golden.model, task: try golden.task(Divergence.kl))
    let objective = try NoiseObjective(TrainingSettings(sparsity: 0.3), problem)
    var generator = SeededGenerator(seed: 4)
    let numbers = objective.groups[0].start.map { _ in Double.random(in: -1...2, using: &generator)
    }
    let loss = { (numbers: [Double]) in
      var noise = SeededGenerator(seed: 5)
      return objective.loss([numbers], step: 0, using: &noise)
    }
    let gradient = loss(numbers).gradients[0]
    let differences = numbers.indices.map { index in
      var (more, less) = (numbers, numbers)
      more[index] += 1e-2
      less[index] -= 1e-2
      return (loss(more).loss - loss(less).loss) / 2e-2
    }
    expectClose(gradient, differences, relative: 5e-3, family)
    // What is told costs its mean over heads and MLPs.
    let free = try NoiseObjective(TrainingSettings(sparsity: 0), problem)
    var noise = SeededGenerator(seed: 5)
    let told = numbers.map { InformationBottleneck.information(1 / (1 + exp(-$0))).value }
    let price =
      loss(numbers).loss - free.loss([numbers], step: 0, using: &noise).loss
    #expect(abs(price - 0.3 * told.reduce(0, +) / Double(told.count)) < 1e-6)
  }

  @Test func `noise has the mean and the deviation of what is written`() throws {
    let golden = try GoldenModel("gpt2")
    let task = try golden.task(Divergence.kl)
    let batch = NoisyBatch(
      PairBatch(task.pairs, sharesStarts: false), model: golden.model)
    let written = PlainRun(golden.model, batch: golden.clean).forward().writes
    var generator = SeededGenerator(seed: 6)
    let draws = (0..<400).map { _ in batch.noise(&generator) }
    for (block, tensor) in (written.heads + written.mlps).enumerated() {
      let columns = { (tensor: Tensor, column: Int) in
        stride(from: column, to: tensor.count, by: tensor.columnCount).map {
          Double(tensor.values()[$0])
        }
      }
      for column in [0, tensor.columnCount - 1] {
        let (mean, deviation) = moments(columns(tensor, column))
        let drawn = moments(
          draws.flatMap { columns(($0.heads + $0.mlps)[block], column) })
        #expect(abs(drawn.mean - mean) < 0.1 * deviation, "\(block)")
        #expect(abs(drawn.deviation - deviation) < 0.1 * deviation, "\(block)")
      }
    }
    #expect(draws[0].input.values() == written.input.values())
  }

  private func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, square.squareRoot())
  }

  @Test func `a training goes on from any state`() throws {
    let golden = try GoldenModel("gpt2")
    let problem = DiscoveryProblem(model: golden.model, task: try golden.task(Divergence.kl))
    try expectResumes(
      training: InformationBottleneck(settings: TrainingSettings(steps: 8)), problem)
  }
}
