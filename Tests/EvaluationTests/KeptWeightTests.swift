import Engine
import Evaluation
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Circuits that keep only some of a model's weights.
@Suite struct KeptWeightTests {
  /// What edges carry is what the full model writes; what reads and passes it on has the weights that are kept.
  @Test(arguments: ["gpt2", "llama"], [Ablation.resample, .zero, .mean()])
  func `a circuit with some weights is a masked run of the model that they make`(
    family: String, ablation: Ablation
  ) throws {
    let golden = try GoldenModel(family)
    let (model, graph) = (golden.model, golden.graph)
    let task = try golden.task(LogitDifference())
    var generator = SeededGenerator(seed: 31)
    let weights = WeightMask(
      model.layerWeights.map { _, tensor in
        (0..<tensor.count).map { _ in Bool.random(using: &generator) }
      })
    let offsets = graph.edgeOffsets
    let circuits = [[], offsets.filter { _ in Bool.random(using: &generator) }, offsets].map {
      Circuit(offsets: $0, graph: graph)
    }
    let evaluation = CircuitEvaluation(
      model: model, task: task, scheme: AblationScheme(ablation), weights: weights)
    let found = evaluation.faithfulness(of: circuits, by: [task.metric])

    let masked = model.masked(by: weights)
    let batch = PairBatch(task.pairs, sharesStarts: false)
    let writes = AblationValues(ablation, task: task, model: model).writes(for: batch, cache: nil)
    let values = { (circuit: Circuit) in
      let run = MaskedRun(
        masked, batch: batch.clean, mask: EdgeMask(circuit),
        ablated: AblatedStream(writes, model: masked))
      return task.metric.values(ofRuns: run.forward().logits, of: batch, reference: nil)[0]
    }
    let full = InterventionRuns(model: model, task: task).fullModel(by: task.metric)
    for (circuit, measured) in zip(circuits, found) {
      expectClose(measured[0].circuit.values, values(circuit), relative: 1e-4, family)
      expectClose(measured[0].empty.values, values(circuits[0]), relative: 1e-4, family)
      expectClose(measured[0].full.values, full.values, relative: 1e-4, family)
    }
    // With all edges it is the model of those weights.
    let alone = InterventionRuns(model: masked, task: task).fullModel(by: task.metric).values
    expectClose(found[2][0].circuit.values, alone, relative: 1e-4, family)
    #expect(zip(alone, full.values).contains { abs($0 - $1) > 1e-2 })
    // Keeping all weights is keeping the model.
    let all = WeightMask(weights.values.map { $0.map { _ in true } })
    let whole = evaluation.keeping(all).faithfulness(of: circuits, by: [task.metric])
    let plain = CircuitEvaluation(model: model, task: task, ablation: ablation)
      .faithfulness(of: circuits, by: [task.metric])
    for (one, other) in zip(whole, plain) {
      expectClose(one[0].circuit.values, other[0].circuit.values, relative: 1e-4, family)
    }
  }

  /// What one edge contributes is what its absence changes, with the weights that are kept.
  @Test func `contributions are taken with the weights that are kept`() throws {
    let golden = try GoldenModel("gpt2")
    let task = try golden.task(LogitDifference())
    var generator = SeededGenerator(seed: 32)
    let weights = WeightMask(
      golden.model.layerWeights.map { _, tensor in
        (0..<tensor.count).map { _ in Bool.random(using: &generator) }
      })
    let circuit = Circuit(
      offsets: golden.graph.edgeOffsets.filter { _ in Bool.random(using: &generator) },
      graph: golden.graph)
    let evaluation = CircuitEvaluation(model: golden.model, task: task, weights: weights)
    let effects = evaluation.minimality(of: circuit).prefix(5)
    for (offset, effect) in zip(circuit.offsets, effects) {
      let rest = circuit.subtracting(Circuit(offsets: [offset], graph: golden.graph))
      let found = evaluation.faithfulness(of: [circuit, rest], by: [task.metric])
      let expected = zip(found[0][0].circuit.values, found[1][0].circuit.values).map { $0 - $1 }
      // Of differences of such numbers, some of which are nothing.
      let scale = found[0][0].circuit.values.map(abs).max()
      expectClose(effect.effect.values, expected, relative: 1e-5, to: scale, effect.part)
    }
  }
}
