import Foundation
import Graphs
import Methods
import Tasks
import TestSupport
import Testing

/// Masks of several tasks, trained in lockstep.
@Suite struct CoupledTrainingTests {
  private func method(_ steps: Int) -> SubnetworkProbing {
    SubnetworkProbing(
      level: .edges, settings: TrainingSettings(steps: steps, learningRate: 0.2, sparsity: 4))
  }

  private func trained(
    _ problems: [DiscoveryProblem], steps: Int, within radius: Double
  ) throws -> CoupledTraining {
    var training = try CoupledTraining(method(steps), problems, within: radius)
    try training.finish(MethodRun())
    return training
  }

  private func problems(
    shared: Int, own: Int, taskCount: Int = 2, seed: UInt64
  ) throws -> (problems: [DiscoveryProblem], truths: [Circuit]) {
    let planted = try SharedPrivateModel(
      shared: shared, own: own, taskCount: taskCount, headCount: 20, seed: seed)
    return (
      planted.tasks.map { DiscoveryProblem(model: planted.model, task: $0) }, planted.truths
    )
  }

  @Test func `with room enough each task is trained as if alone`() throws {
    let (problems, _) = try problems(shared: 3, own: 1, seed: 1)
    let together = try trained(problems, steps: 12, within: .infinity)
    for (problem, numbers) in zip(problems, together.numbers) {
      let scores = method(12).scores(numbers, problem.graph)
      #expect(try scores == method(12).scores(for: problem))
    }
    #expect(together.multipliers == [0, 0] && together.distances.allSatisfy { $0 > 0 })
  }

  @Test func `without room one mask is trained`() throws {
    let (problems, _) = try problems(shared: 3, own: 1, seed: 2)
    let together = try trained(problems, steps: 12, within: 0)
    #expect(together.numbers[0] == together.numbers[1])
    #expect(together.distances == [0, 0] && together.multipliers.allSatisfy { $0 > 0 })
    // Of two alike, it is the mask of one: the centre lags behind by the last steps alone.
    let alike = try trained([problems[0], problems[0]], steps: 12, within: 0.1)
    #expect(alike.numbers[0] == alike.numbers[1])
  }

  @Test(arguments: [0.05, 0.3]) func `masks stay within the radius`(radius: Double) throws {
    let (problems, _) = try problems(shared: 2, own: 2, taskCount: 3, seed: 3)
    let together = try trained(problems, steps: 15, within: radius)
    #expect(together.distances.allSatisfy { $0 <= radius * (1 + 1e-9) && $0 > 0.5 * radius })
    #expect(together.multipliers.allSatisfy { $0 > 0 })
  }

  @Test func `it goes on from any step in the same bytes`() throws {
    let (problems, _) = try problems(shared: 2, own: 1, seed: 4)
    var states: [Data] = []
    var whole = try CoupledTraining(method(8), problems, within: 0.1)
    try whole.finish(
      MethodRun(
        states: .init { make in
          if let state = try? make() { states.append(state) }
        }))
    #expect(states.count == 8)
    for state in states {
      var resumed = try CoupledTraining(method(8), problems, within: 0.1)
      try resumed.finish(MethodRun(states: .init(saved: state) { _ in }))
      #expect(resumed.numbers == whole.numbers && resumed.multipliers == whole.multipliers)
    }
    let three = try self.problems(shared: 2, own: 1, taskCount: 3, seed: 4).problems
    for (state, problems) in [(states[2], three), (Data("{}".utf8), problems)] {
      var other = try CoupledTraining(method(8), problems, within: 0.1)
      #expect(throws: MethodError.foreignState) {
        try other.finish(MethodRun(states: .init(saved: state) { _ in }))
      }
    }
  }

  private static let radii = [0, 1, 2, .infinity]

  /// How much of each task's circuit coupled masks find, on average over tasks and seeds, for each radius.
  private func recall(shared: Int, own: Int) throws -> [Double] {
    let seeds = 0..<5 as Range<UInt64>
    var sums = [Double](repeating: 0, count: Self.radii.count)
    for seed in seeds {
      let (problems, truths) = try problems(shared: shared, own: own, taskCount: 3, seed: seed)
      for (index, radius) in Self.radii.enumerated() {
        let training = try trained(problems, steps: 40, within: radius)
        for (numbers, truth) in zip(training.numbers, truths) {
          let found = method(40).scores(numbers, truth.graph)
            .circuit(edgeCount: truth.edgeCount).intersection(truth)
          sums[index] += Double(found.edgeCount) / Double(truth.edgeCount)
        }
      }
    }
    return sums.map { $0 / Double(3 * seeds.count) }
  }

  /// 12 shared edges and 4 of each task's own, from 4 prompts: neither consensus nor independence finds most.
  @Test func `masks that share a part of their circuits gain from each other`() throws {
    let recall = try recall(shared: 6, own: 2)
    let best = recall.dropFirst().dropLast().max() ?? 0
    #expect(best > recall[0] + 0.02 && best > recall[recall.count - 1] + 0.02, "\(recall)")
  }

  /// A radius of 1 is little to numbers that start at 2.2, so it can be as good as none.
  @Test func `masks that are all shared are found best in consensus`() throws {
    let recall = try recall(shared: 8, own: 0)
    #expect(recall.allSatisfy { $0 <= recall[0] }, "\(recall)")
    #expect(recall[0] > recall[2] + 0.02 && recall[2] > recall[3] + 0.02, "\(recall)")
  }

  @Test func `masks that share nothing are found best alone`() throws {
    let recall = try recall(shared: 0, own: 6)
    #expect(recall.indices.max { recall[$0] < recall[$1] } == recall.count - 1, "\(recall)")
    #expect(recall[recall.count - 1] > recall[0] + 0.02, "\(recall)")
  }
}
