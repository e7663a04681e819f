import Engine
import Evaluation
import Foundation
import Graphs
import Methods
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// Masks of weights, and DiscoGP, which trains them beside masks of edges.
@Suite struct WeightMaskTests {
  private func settings(steps: Int) -> DiscoGP.Settings {
    DiscoGP.Settings(training: TrainingSettings(steps: steps))
  }

  @Test(arguments: ["gpt2", "llama"]) func `a weight that is not there is zero`(family: String)
    throws
  {
    let model = try GoldenModel(family).model
    let weights = model.layerWeights
    #expect(Set(weights.map(\.name)).count == weights.count)
    var generator = SeededGenerator(seed: 1)
    let mask = WeightMask(
      weights.map { _, tensor in
        (0..<tensor.count).map { _ in Bool.random(using: &generator) }
      })
    let masked = model.masked(by: mask).layerWeights
    for (index, (name, tensor)) in weights.enumerated() {
      let expected = zip(tensor.values(), mask.values[index]).map { $1 ? $0 : 0 }
      #expect(masked[index].name == name && masked[index].tensor.values() == expected)
    }
    #expect(mask.count == weights.reduce(0) { $0 + $1.tensor.count })
  }

  /// With masks between 0 and 1 the loss is smooth: its gradient is what moves it.
  @Test(arguments: ["gpt2", "llama"], [Ablation.zero, .resample])
  func `gradients are finite differences`(family: String, ablation: Ablation) throws {
    let golden = try GoldenModel(family)
    let problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()), ablation: ablation)
    let objective = WeightObjective(settings(steps: 1), problem)
    var generator = SeededGenerator(seed: 2)
    let counts = objective.groups.map(\.start.count)
    var values = counts.map { count in
      (0..<count).map { _ in Double.random(in: 0.3...0.7, using: &generator) }
    }
    let direction = counts.map { count in
      (0..<count).map { _ in Double.random(in: -1...1, using: &generator) }
    }
    let numbers = counts.map { [Double](repeating: 0, count: $0) }
    let found = { (values: [[Double]]) in
      let draws = values.map {
        MaskDraw(values: $0, slopes: [Double](repeating: 1, count: $0.count))
      }
      return objective.loss(numbers, draws[0], draws[1])
    }
    // What the numbers themselves cost has the same gradient at every mask.
    let price = numbers.map { _ in 0.25 }
    for group in 0..<2 {
      let whole = values[group]
      let slope = zip(found(values).gradients[group], direction[group]).reduce(0) {
        $0 + ($1.0 - price[group] / Double(counts[group])) * $1.1
      }
      let losses = [1e-2, -1e-2].map { step in
        values[group] = zip(whole, direction[group]).map { $0 + step * $1 }
        return found(values).loss
      }
      values[group] = whole
      let difference = (losses[0] - losses[1]) / 2e-2
      #expect(abs(difference - slope) < 2e-2 * max(abs(slope), 0.1), "\(difference), \(slope)")
    }
  }

  /// Without edges and weights all logits of a model without biases are 0: its choice is at chance, which costs nothing.
  @Test func `what is left out has the masks that the rest lacks`() throws {
    let golden = try GoldenModel("llama")
    let problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()), ablation: .zero)
    let loss = { (mask: Double, completeness: Double) in
      var settings = settings(steps: 1)
      settings.completeness = completeness
      let objective = WeightObjective(settings, problem)
      let draws = objective.groups.map { group in
        let values = group.start.map { _ in mask }
        return MaskDraw(values: values, slopes: values)
      }
      return objective.loss(objective.groups.map(\.start), draws[0], draws[1]).loss
    }
    #expect(abs(loss(1, 1) - loss(1, 0)) < 1e-6)
    let distance = loss(0, 1) - loss(0, 0)
    #expect(distance > 1e-3, "\(distance)")
    #expect(abs(loss(0, 3) - loss(0, 0) - 3 * distance) < 1e-6)
    // The choice itself: at chance between one right and one wrong answer, and what keeping nothing and all costs.
    let price = 2 / (1 + exp(-1.0))
    #expect(abs(loss(0, 0) - log(2) - price) < 1e-6)
    let right = CircuitEvaluation(model: golden.model, task: problem.task, ablation: .zero)
      .faithfulness(of: Circuit(offsets: problem.graph.edgeOffsets, graph: problem.graph))
      .full.values.map { log(1 + exp(-$0)) }
    #expect(abs(loss(1, 0) - right.reduce(0, +) / Double(right.count) - price) < 1e-4)
  }

  @Test func `a training goes on from any state`() throws {
    let golden = try GoldenModel("gpt2")
    let problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()), ablation: .zero)
    try expectResumes(training: DiscoGP(settings: settings(steps: 8)), problem)
  }

  /// A few percent of edges and weights do the task; the rest chooses at random.
  @Test func `what is left out is at chance`() throws {
    let known = try PlantedCircuits.named("planted-copy")
    let task = try known.task(count: 40)
    let problem = DiscoveryProblem(model: known.model, task: task, ablation: .zero)
    var files: [String: Data] = [:]
    var settings = settings(steps: 150)
    settings.training.promptCount = 16
    let method = DiscoGP(settings: settings)
    let scores = try method.scores(
      for: problem, run: MethodRun(attachments: { files[$0] = $1 }))
    let circuit = scores.circuit(try #require(method.ownCircuit))
    let mask = try WeightMask(try #require(files[DiscoGP.weightFile]), of: known.model)
    #expect(Double(circuit.edgeCount) < 0.1 * Double(circuit.graph.edgeCount))
    #expect(Double(mask.keptCount) < 0.1 * Double(mask.count), "\(mask.keptCount) of \(mask.count)")
    let accuracy = { (mask: WeightMask, circuit: Circuit) in
      CircuitEvaluation(
        model: known.model, task: task, scheme: AblationScheme(.zero), weights: mask
      ).faithfulness(
        of: [circuit], by: [Accuracy()])[0][0].circuit.mean
    }
    #expect(accuracy(mask, circuit) > 0.95)
    let rest = WeightMask(mask.values.map { $0.map { !$0 } })
    let others = Set(circuit.offsets)
    let complement = Circuit(
      offsets: circuit.graph.edgeOffsets.filter { !others.contains($0) }, graph: circuit.graph)
    #expect(accuracy(rest, complement) < 0.75)
  }

  @Test func `a mask of another model is refused`() throws {
    let model = try GoldenModel("gpt2").model
    let mask = WeightMask(
      model.layerWeights.map { [Bool](repeating: true, count: $0.tensor.count) })
    let data = try mask.safetensors(of: model)
    #expect(try WeightMask(data, of: model) == mask)
    #expect(throws: (any Error).self) {
      try WeightMask(data, of: GoldenModel("llama").model)
    }
    #expect(throws: (any Error).self) { try WeightMask(data.dropLast(), of: model) }
  }
}
