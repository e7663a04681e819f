import Engine
import Evaluation
import Files
import Foundation
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Learned constants in place of what a circuit leaves out.
@Suite struct OptimalAblationTests {
  private func objective(_ golden: GoldenModel) throws -> ConstantObjective {
    try ConstantObjective(
      .random(golden.graph), model: golden.model, task: golden.task(Divergence.kl), metric: .kl,
      optimiser: .adam(Adam(rate: 0.05)))
  }

  /// Each writer's constant in full, in the plainest way.
  private func expanded(_ writes: CompactWrites, _ golden: GoldenModel) -> [Float] {
    let (blocks, graph) = (golden.model.weights.blocks, golden.graph)
    let width = golden.model.configuration.dHead
    return graph.writers.flatMap { writer -> [Float] in
      switch writer {
      case .input: return writes.input.values()
      case .mlp(let layer): return writes.mlps[layer].values()
      case .head(let layer, let head):
        let (z, output) = (writes.heads[layer].values(), blocks[layer].attention.output.weight)
        return (0..<graph.dModel).map { row in
          let weights = output.row(row)
          return (head * width..<(head + 1) * width).reduce(0) { $0 + weights[$1] * z[$1] }
        }
      }
    }
  }

  private func mask(_ values: Golden, _ graph: ComputationGraph) throws -> EdgeMask {
    EdgeMask(try values.mask("optimal_ablation.mask").values(), graph: graph)
  }

  @Test(arguments: methodFamilies)
  func `mean, loss and gradient are the oracle's`(family: String) throws {
    let golden = try GoldenModel(family)
    let values = try Golden(family, "methods")
    let objective = try objective(golden)
    let (numbers, graph) = (objective.groups[0].start, golden.graph)
    let written = expanded(objective.constants.writes(numbers), golden)
    expectClose(
      written.map(Double.init),
      try values.tensor("optimal_ablation.constant").values().map(Double.init), relative: 1e-4)
    let found = objective.loss(numbers, try mask(values, graph))
    expectClose(
      [found.loss], try values.tensor("optimal_ablation.loss.kl").values().map(Double.init),
      relative: 1e-4, to: 1)
    let gradient = try values.tensor("optimal_ablation.gradient.kl")
      .reshaped([graph.writerCount, 1, graph.dModel])
    expectClose(
      found.gradients[0], objective.constants.gradient(gradient), relative: 1e-4, "\(family)")
  }

  @Test func `the gradient is that of finite differences`() throws {
    let golden = try GoldenModel("llama")
    let objective = try objective(golden)
    let numbers = objective.groups[0].start
    let mask = try mask(Golden("llama", "methods"), golden.graph)
    let gradient = objective.loss(numbers, mask).gradients[0]
    let scale = gradient.map(abs).max() ?? 0
    for index in stride(from: 0, to: numbers.count, by: 7) {
      let step = 1e-2
      let losses = [step, -step].map { move in
        var moved = numbers
        moved[index] += move
        return objective.loss(moved, mask).loss
      }
      let difference = (losses[0] - losses[1]) / (2 * step)
      #expect(abs(difference - gradient[index]) < 2e-2 * scale, "\(index)")
    }
  }

  @Test func `constants at the means do what mean ablation does, bit for bit`() throws {
    let golden = try GoldenModel("gpt2")
    let task = try golden.task(Divergence.kl)
    let objective = try objective(golden)
    let means = LearnedConstants(objective.constants.writes(objective.groups[0].start), path: "c")
    let mask = try mask(Golden("gpt2", "methods"), golden.graph)
    let runs = InterventionRuns(model: golden.model, task: task).measure(
      [.mean(), .optimal(means)].map { Intervention(mask: mask, ablation: $0) },
      by: [task.metric])
    #expect(runs.values[0][0].values == runs.values[1][0].values)
    let scores = try [Ablation.mean(), .optimal(means)].map { ablation in
      try ExactPatching().scores(
        for: DiscoveryProblem(model: golden.model, task: task, ablation: ablation))
    }
    #expect(scores[0] == scores[1])
  }

  @Test(arguments: [true, false]) func `training lowers the loss`(isRandom: Bool) throws {
    let golden = try GoldenModel("gpt2")
    let mask = try mask(Golden("gpt2", "methods"), golden.graph)
    let circuit = EdgeScores(
      (0..<(golden.graph.writerCount * golden.graph.readerCount)).map {
        mask[writer: $0 / golden.graph.readerCount, reader: $0 % golden.graph.readerCount]
      }, graph: golden.graph
    ).circuit(CircuitSelection(.threshold(0.5)))
    let objective = try ConstantObjective(
      isRandom ? .random(golden.graph) : .circuit(circuit), model: golden.model,
      task: golden.task(Divergence.kl), metric: .kl, optimiser: .adam(Adam(rate: 0.02)))
    var training = Training(objective, steps: 80, seed: 0)
    let start = training.numbers[0]
    try training.finish(MethodRun())
    var generator = SeededGenerator(seed: 1)
    let masks = (0..<(isRandom ? 40 : 1)).map { _ in objective.mask(using: &generator) }
    let losses = [start, training.numbers[0]].map { numbers in
      masks.reduce(0) { $0 + objective.loss(numbers, $1).loss }
    }
    #expect(losses[1] < 0.9 * losses[0], "\(losses)")
  }

  @Test func `a training that was cut goes on in the same bytes`() throws {
    let golden = try GoldenModel("qwen2")
    let objective = try objective(golden)
    var whole = Training(objective, steps: 6, seed: 3)
    var part = whole
    while !whole.isDone { try whole.advance() }
    for _ in 0..<2 { try part.advance() }
    var other = Training(objective, steps: 6, seed: 3)
    try other.restore(part.contents())
    while !other.isDone { try other.advance() }
    #expect(other.numbers == whole.numbers)
  }

  @Test func `numbers and writes are the same thing`() throws {
    let constants = ConstantWrites(try GoldenModel("llama").model)
    let numbers = (0..<constants.count).map { Double($0) / 8 }
    #expect(constants.numbers(constants.writes(numbers)) == numbers)
  }
}
