import Graphs
import Methods
import Tasks
import TestSupport
import Testing

/// Scores of several tasks, kept near each other.
@Suite struct CoupledScoresTests {
  private let graph = ComputationGraph(
    layerCount: 1, headCount: 1, keyValueReaderCount: 1, dModel: 2)

  private func scores(_ values: [String: Float]) -> EdgeScores { EdgeScores(values, graph: graph) }

  @Test func `with room enough each task has its own scores`() {
    let given = [scores(["input->m0": 0.3]), scores(["input->logits": 7.7])]
    for radius in [.infinity, 10] {
      let found = CoupledScores(given, scales: [0.1, 3], within: radius)
      #expect(found.scores == given && found.multipliers == [0, 0])
    }
  }

  /// A task whose metric is ten times as large weighs no more than another.
  @Test func `scales make tasks comparable`() {
    let given = [scores(["input->m0": 1]), scores(["input->logits": 10])]
    let found = CoupledScores(given, scales: [1, 10], within: 0)
    #expect(found.scores[0] == scores(["input->m0": 0.5, "input->logits": 0.5]))
    #expect(found.scores[1] == scores(["input->m0": 5, "input->logits": 5]))
    // Both vectors have length 1 and are √2 apart.
    expectClose(found.multipliers, [(0.5).squareRoot(), (0.5).squareRoot()], relative: 1e-12)
    #expect(found.distances == [0, 0])
    let half = CoupledScores(given, scales: [1, 10], within: (0.5).squareRoot() / 2)
    #expect(half.scores[0] == scores(["input->m0": 0.75, "input->logits": 0.25]))
  }

  @Test func `edges that are never taken stay so`() {
    let given = [
      scores(["input->m0": 1, "m0->logits": -.infinity]),
      scores(["input->m0": 3, "m0->logits": 4]),
    ]
    let found = CoupledScores(given, scales: [1, 1], within: 0)
    #expect(found.scores[0] == scores(["input->m0": 2, "m0->logits": -.infinity]))
    #expect(found.scores[1] == scores(["input->m0": 2, "m0->logits": 4]))
  }

  @Test func `scores that are all 0 stay`() {
    let given = [scores([:]), scores([:])]
    #expect(CoupledScores(given, scales: [1, 1], within: 0).scores == given)
  }

  private static let radii = [0, 0.15, 0.3, 0.45, 0.6, .infinity]

  /// How much of each task's circuit coupled scores find, on average over tasks and seeds, for each radius.
  private func recall(shared: Int, own: Int) throws -> [Double] {
    var sums = [Double](repeating: 0, count: Self.radii.count)
    let seeds = 0..<8 as Range<UInt64>
    for seed in seeds {
      let planted = try SharedPrivateModel(shared: shared, own: own, seed: seed)
      let scores = try planted.tasks.map {
        try AttributionPatching.plain.scores(
          for: DiscoveryProblem(model: planted.model, task: $0))
      }
      for (index, radius) in Self.radii.enumerated() {
        let coupled = CoupledScores(scores, scales: scores.map { _ in 1 }, within: radius)
        for (scores, truth) in zip(coupled.scores, planted.truths) {
          let found = scores.circuit(edgeCount: truth.edgeCount).intersection(truth)
          sums[index] += Double(found.edgeCount) / Double(truth.edgeCount)
        }
      }
    }
    return sums.map { $0 / Double(4 * seeds.count) }
  }

  /// 12 shared edges and 4 of each task's own, from 4 prompts: neither consensus nor independence finds most.
  @Test func `tasks that share a part of their circuits gain from each other`() throws {
    let recall = try recall(shared: 6, own: 2)
    let best = recall.dropFirst().dropLast().max() ?? 0
    #expect(best > recall[0] + 0.02 && best > recall[recall.count - 1] + 0.02, "\(recall)")
  }

  @Test func `what is all shared is found best in consensus`() throws {
    let recall = try recall(shared: 8, own: 0)
    #expect(recall.indices.max { recall[$0] < recall[$1] } == 0, "\(recall)")
    #expect(recall[0] > recall[recall.count - 1] + 0.1)
  }

  @Test func `what is not shared is found best alone`() throws {
    let recall = try recall(shared: 0, own: 8)
    #expect(recall.indices.max { recall[$0] < recall[$1] } == recall.count - 1, "\(recall)")
    #expect(recall[recall.count - 1] > recall[0] + 0.1)
  }
}
