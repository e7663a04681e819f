import Engine
import Evaluation
import Graphs
import Tasks
import Tensors
import TestSupport
import Testing

/// Runs of prompts in pieces, as prompts are run for which there is little memory, measure what whole ones do.
@Suite struct LongPromptTests {
  @Test(arguments: ["llama", "gemma3"], [false, true])
  func `every intervention`(family: String, keepsSomeWeights: Bool) throws {
    let golden = try GoldenModel(family)
    let task = try golden.task(LogitDifference())
    var generator = SeededGenerator(seed: 41)
    let masks = task.pairs.map { _ in
      EdgeMask(
        Circuit(
          offsets: golden.graph.edgeOffsets.filter { _ in Bool.random(using: &generator) },
          graph: golden.graph))
    }
    let weights = WeightMask(
      golden.model.layerWeights.map { _, tensor in
        (0..<tensor.count).map { _ in Int.random(in: 0..<8, using: &generator) > 0 }
      })
    let spans = try PromptSpans(.positions, of: task)
    let ablations: [Ablation] = [.resample, .zero, .mean(), .positionalMean()]
    let interventions =
      ablations.flatMap { ablation in
        [
          Intervention(mask: masks[0], ablation: ablation),
          Intervention(
            masks: masks, ofPrompts: Array(masks.indices.reversed()), ablation: ablation),
        ]
      } + [
        Intervention(mask: masks[0], positions: .changedAndLast),
        Intervention(
          masks: spans.names.indices.map { masks[$0 % masks.count] }, ofSpans: spans,
          ablation: .zero),
      ]
    let values = { (memory: Int?) -> [[Double]] in
      var model = golden.model
      model.memory = memory
      let runs = InterventionRuns(
        model: model, task: task, weights: keepsSomeWeights ? weights : nil)
      return runs.measure(interventions, by: [task.metric]).values.map { $0[0].values }
    }
    let (whole, pieces) = (values(nil), values(1000))
    for (index, (found, expected)) in zip(pieces, whole).enumerated() {
      expectClose(found, expected, relative: 1e-4, "\(family), intervention \(index)")
    }
    // Each of them does something else.
    #expect(Set(whole.map { "\($0)" }).count == whole.count)
  }
}
