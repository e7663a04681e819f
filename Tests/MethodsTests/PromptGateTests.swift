import Engine
import Evaluation
import Files
import Foundation
import Graphs
import Tasks
import Tensors
import TestSupport
import Testing

import Methods

/// A gate that gives each prompt a mask: its gradients, what it learns where prompts use different paths, and resuming.
@Suite struct PromptGateTests {
  private func problem(
    _ name: String = "planted-two-ways", seed: UInt64 = 1, prompts: UInt64 = 1, count: Int
  ) throws -> (known: KnownCircuit, problem: DiscoveryProblem) {
    var options = PlantedCircuits.Options()
    options.seed = seed
    let known = try PlantedCircuits.named(name, options: options)
    let task = try known.task(count: count, seed: prompts)
    return (known, DiscoveryProblem(model: known.model, task: task))
  }

  private func random(_ count: Int, _ limit: Double, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Double.random(in: -limit...limit, using: &generator) }
  }

  /// Masks that lie inside of (0, 1), so that the loss is smooth.
  @Test(arguments: 0..<3 as Range<Int>) func `the gradient is that of the loss`(group: Int) throws {
    let (_, problem) = try problem(count: 6)
    let method = PromptGates(
      rank: 2, similarity: 500, patience: 3, settings: TrainingSettings(sparsity: 5))
    let objective = try GateObjective(method, problem)
    let first = objective.firstBatch
    let noise = (0..<first.promptCount).map {
      random(first.noiseCount, 0.1, seed: UInt64($0)).map { 0.5 + $0 }
    }
    var numbers = objective.groups.map(\.start)
    numbers[0] = random(numbers[0].count, 0.5, seed: 10)
    numbers[1] = random(numbers[1].count, 0.2, seed: 11)
    numbers[2] = numbers[2].map { 0.3 * $0 }
    let (found, ease) = objective.loss(numbers, noise: noise)
    #expect(ease.allSatisfy { $0 > 0 && $0 < 1 }, "\(ease)")
    // Along the gradient itself, and along another direction.
    let slope = found.gradients[group]
    let size = slope.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for direction in [
      slope.map { $0 / size },
      zip(slope, random(slope.count, 1, seed: 12)).map { $0 / size * (1 + $1) },
    ] {
      let loss = { (distance: Double) in
        var moved = numbers
        moved[group] = zip(moved[group], direction).map { $0 + distance * $1 }
        return objective.loss(moved, noise: noise, ease: ease).gradient.loss
      }
      let expected = zip(slope, direction).reduce(0) { $0 + $1.0 * $1.1 }
      let difference = (loss(0.01) - loss(-0.01)) / 0.02
      #expect(abs(difference - expected) < 0.01 * abs(expected), "\(difference) \(expected)")
    }
  }

  /// cos = 0.6 where 0 is wanted, both ways, of two prompts: 2 · 0.36 / 4.
  @Test func `likeness, worked out by hand`() {
    let masks: [[Double]] = [[3, 4], [5, 0]]
    let (cost, gradients) = MaskSimilarity.cost(masks, wanted: [1, 0, 0, 1])
    #expect(abs(cost - 0.18) < 1e-6)
    // ∂cos/∂m₀ = ((1, 0) − 0.6 (0.6, 0.8)) / 5, times 2 · 2 · 0.6 / 4.
    expectClose(gradients[0], [0.6 * 0.64 / 5, -0.6 * 0.48 / 5], relative: 1e-5)
    let cosines = MaskSimilarity.cosines([[1, 0], [0, 0], [1, 1]])
    expectClose(cosines, [1, 0, 0.5.squareRoot(), 0, 0, 0, 0.5.squareRoot(), 0, 1], relative: 1e-6)
    #expect(
      MaskSimilarity.cost([[0, 0], [1, 2]], wanted: [1, 1, 1, 1]).gradients == [[0, 0], [0, 0]])
  }

  @Test func `features are those of the prompt alone, of one size`() throws {
    let (known, problem) = try problem(count: 12)
    let features = PromptFeatures(of: problem.task, in: known.model)
    #expect(features.values.allSatisfy { $0.allSatisfy { $0 >= 0 } && $0.count == features.width })
    let alone = PromptFeatures(of: problem.task.restricted(to: 5..<6), in: known.model)
    expectClose(alone.values[0], features.values[5], relative: 1e-5)
    let scale = FeatureScale(features, streamCount: known.model.graph.layerCount + 1)
    let scaled = features.values.map { scale($0) }
    let square = scaled.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } } / 12
    #expect(abs(square - 1) < 1e-9)
    let means = scaled[0].indices.map { column in scaled.reduce(0) { $0 + $1[column] } }
    #expect(means.allSatisfy { abs($0) < 1e-9 })
  }

  /// At equal size the circuits of the gate beat that of all prompts, also on prompts that it never saw.
  @Test func `each prompt gets the circuit of its own way`() throws {
    let (known, problem) = try problem(count: 40)
    var files: [String: Data] = [:]
    let gate = try PromptGates(settings: TrainingSettings(steps: 150, sparsity: 2)).gate(
      for: problem, run: MethodRun(attachments: { files[$0] = $1 }))
    #expect(files.keys.sorted() == [PromptGate.fileName])
    let selection = CircuitSelection(.edges(3), ranking: .signed)
    let single = EdgeScores(meanOf: gate.scores(of: problem.task)).circuit(selection)
    let others = try known.task(count: 40, seed: 9)
    for task in [problem.task, others] {
      let circuits = gate.scores(of: task).map { $0.circuit(selection) }
      let measured = CircuitEvaluation(model: known.model, task: task).promptCircuits([
        PromptCircuits(single, promptCount: 40),
        PromptCircuits(circuits, places: Array(circuits.indices)),
      ])
      let unfaithful = measured.map(\.unfaithfulness)
      #expect(unfaithful[1] <= 0.75 * unfaithful[0], "\(unfaithful)")
    }
  }

  @Test func `scores are the means over prompts, and those of groups`() throws {
    let (_, problem) = try problem("planted-copy", count: 10)
    let method = PromptGates(rank: 2, settings: TrainingSettings(steps: 20))
    let gate = try method.gate(for: problem)
    let parts = gate.scores(of: problem.task)
    #expect(try method.scores(for: problem) == EdgeScores(meanOf: parts))
    let groups = try method.promptScores(
      for: problem, groups: [0..<3, 3..<10], run: MethodRun())
    #expect(
      groups == [EdgeScores(meanOf: Array(parts[..<3])), EdgeScores(meanOf: Array(parts[3...]))])
  }

  @Test func `a training goes on where it was`() throws {
    let (_, problem) = try problem(count: 6)
    try expectResumes(
      training: PromptGates(rank: 2, settings: TrainingSettings(steps: 10, seed: 3)), problem)
  }
}
