import Engine
import Evaluation
import Foundation
import Graphs
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// Two samples of one distribution are not told apart, and two of others are.
@Suite struct RealismTests {
  private func sample(_ count: Int, mean: Double, seed: UInt64, width: Int = 5) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor(
      (0..<(count * width)).map { _ in Float(mean + generator.normal()) }, shape: [count, width])
  }

  /// Three points on a line by hand: x = 0, 2 and y = 1, 3 have squared distances 4, 4, 1, 9, 1, 1, median 4.
  @Test func `the estimate is that of its formula`() {
    let found = MaximumMeanDiscrepancy(
      Tensor([0, 2], shape: [2, 1]), Tensor([1, 3], shape: [2, 1]), permutations: 10)
    let kernel = { (distance: Double) in exp(-distance / 4) }
    let expected = 2 * kernel(4) - 2 * (3 * kernel(1) + kernel(9)) / 4
    #expect(abs(found.value - expected) < 1e-6)
  }

  @Test func `one distribution is told apart as often as chance says, two others always`() {
    let values = (0..<20).map { seed in
      MaximumMeanDiscrepancy(
        sample(20, mean: 0, seed: seed), sample(25, mean: 0, seed: seed + 100), permutations: 99)
    }
    #expect(values.count { $0.pValue < 0.05 } <= 4)
    #expect(values.contains { $0.value < 0 } && values.contains { $0.value > 0 })
    for seed in UInt64(0)..<5 {
      let shifted = MaximumMeanDiscrepancy(
        sample(20, mean: 0, seed: seed), sample(25, mean: 1.5, seed: seed + 100), permutations: 99)
      #expect(shifted.pValue == 0.01 && shifted.value > 0.1)
    }
  }

  @Test func `neither an order nor a place of all points matters, and equal points are equal`() {
    let (one, other) = (sample(12, mean: 0, seed: 1), sample(12, mean: 0.5, seed: 2))
    let found = MaximumMeanDiscrepancy(one, other, permutations: 50)
    #expect(found == MaximumMeanDiscrepancy(one, other, permutations: 50))
    #expect(abs(found.value - MaximumMeanDiscrepancy(other, one, permutations: 50).value) < 1e-6)
    let moved = [one, other].map { Tensor($0.values().map { $0 + 100 }, shape: $0.shape) }
    let same = MaximumMeanDiscrepancy(moved[0], moved[1], permutations: 50)
    #expect(abs(found.value - same.value) < 1e-3)
    let flat = Tensor([Float](repeating: 1, count: 6), shape: [3, 2])
    #expect(MaximumMeanDiscrepancy(flat, flat, permutations: 20).pValue == 1)
  }

  /// On a real circuit: what resampling leaves is what the model does on prompts; zeros are nothing that it ever does.
  @Test func `zero ablation is told from natural outputs, resampling is not`() throws {
    let model = Transformer.bundled()
    let pairs = try Induction().pairs(count: 60, seed: 0, model: model)
    let task = try CircuitTask(
      name: "induction", pairs: pairs, metric: LogitDifference(), model: model)
    let edges = ["input->a0.h1<v>", "a0.h1->a1.h2<k>", "a1.h2->logits"].compactMap { Edge($0) }
    let circuit = try #require(Circuit(edges, graph: model.graph))
    let realism = { (ablation: Ablation) in
      CircuitEvaluation(model: model, task: task, ablation: ablation).realism(of: circuit)
    }
    let resampled = realism(.resample)
    #expect(!resampled.isToldApart && resampled.pValue > 0.05, "\(resampled)")
    let zeroed = realism(.zero)
    #expect(zeroed.isToldApart && zeroed.pValue < 0.01, "\(zeroed)")
    #expect(resampled == realism(.resample))
    // With every edge intact nothing is ablated.
    let whole = try #require(
      Circuit(model.graph.edgeOffsets.map(model.graph.edge(at:)), graph: model.graph))
    #expect(
      !CircuitEvaluation(model: model, task: task, ablation: .zero).realism(of: whole).isToldApart)
  }
}
