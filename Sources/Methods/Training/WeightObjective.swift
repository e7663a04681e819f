package import Engine
import Graphs
import Tasks
package import Tensors

/// The loss of DiscoGP: masks of edges and of weights that do the task while what they leave out is at chance.
package struct WeightObjective: Trainable {
  let settings: DiscoGP.Settings
  let problem: DiscoveryProblem
  private let map: MaskMap
  /// Prompts, and what ablated edges carry, which no mask changes.
  private let batches: [(prompts: PairBatch, ablated: CompactWrites)]
  private let weights: [[Float]]

  package init(_ settings: DiscoGP.Settings, _ problem: DiscoveryProblem) {
    self.settings = settings
    self.problem = problem
    map = MaskMap(.edges, problem.graph)
    // Prompts are run whole: what pairs start with depends on the weights' masks.
    batches = problem.trainingBatches(
      of: settings.training.promptCount, sharesStarts: false
    ).map { ($0, problem.ablationValues.writes(for: $0, cache: nil)) }
    weights = problem.model.layerWeights.map { $0.tensor.values() }
  }

  package var groups: [NumberGroup] {
    let start = settings.start
    return [
      NumberGroup(
        "edges", start: map.start(at: start, by: settings.training.start),
        optimiser: .adam(Adam(rate: settings.training.learningRate))),
      NumberGroup(
        "weights",
        start: [Double](repeating: start, count: weights.reduce(0) { $0 + $1.count }),
        optimiser: .adam(Adam(rate: settings.weightRate))),
    ]
  }

  package func loss(
    _ numbers: [[Double]], step: Int, using generator: inout SeededGenerator
  ) -> LossGradient {
    let edges = StraightThrough(temperature: settings.edgeTemperature)
    let inner = StraightThrough(temperature: settings.weightTemperature)
    return loss(
      numbers, edges.draw(numbers[0], using: &generator),
      inner.draw(numbers[1], using: &generator), on: batches[step % batches.count])
  }

  /// The loss of given masks on the first batch; for tests.
  package func loss(_ numbers: [[Double]], _ edges: MaskDraw, _ weights: MaskDraw) -> LossGradient {
    loss(numbers, edges, weights, on: batches[0])
  }

  private func loss(
    _ numbers: [[Double]], _ edges: MaskDraw, _ weights: MaskDraw,
    on batch: (prompts: PairBatch, ablated: CompactWrites)
  ) -> LossGradient {
    var sums = numbers.map { [Double](repeating: 0, count: $0.count) }
    var loss = 0.0
    let runs = [(AnswerChoice.Kind.right, 1.0, 1.0), (.chance, -1, settings.completeness)]
    for (kind, sign, weight) in runs where weight > 0 {
      // What is left out has the masks 1 − m.
      let side = { (mask: MaskDraw) in sign > 0 ? mask.values : mask.values.map { 1 - $0 } }
      let found = gradient(side(edges), side(weights), AnswerChoice(kind: kind), batch)
      loss += weight * found.loss
      for (group, draw) in [edges, weights].enumerated() {
        for index in draw.slopes.indices {
          sums[group][index] += sign * weight * found.gradients[group][index] * draw.slopes[index]
        }
      }
    }
    for (group, price) in [settings.training.sparsity, settings.weightSparsity].enumerated() {
      let share = price / Double(numbers[group].count)
      for (index, number) in numbers[group].enumerated() {
        let chance = sigmoid(number)
        loss += share * chance
        sums[group][index] += share * chance * (1 - chance)
      }
    }
    return LossGradient(loss: loss, gradients: sums)
  }

  /// Minus a metric of one run, and its gradients by the masks of edges and weights.
  private func gradient(
    _ edges: [Double], _ mask: [Double], _ metric: AnswerChoice,
    _ batch: (prompts: PairBatch, ablated: CompactWrites)
  ) -> LossGradient {
    let model = problem.model.scaled(by: split(mask))
    let run = MaskedRun(
      model, batch: batch.prompts.clean, mask: map.mask(edges),
      ablated: AblatedStream(batch.ablated, model: model))
    let result = run.taped()
    let measured = metric.measure(result.logits, of: batch.prompts)
    var dlogits = measured.gradient
    dlogits.scale(by: -1 / Float(batch.prompts.promptCount))
    let found = run.backward(dlogits, result.tape, wanting: [.mask, .weights])
    let byWeights = found.weights?.layerWeights.map { $0.tensor.values() } ?? []
    return LossGradient(
      loss: -measured.values.reduce(0, +) / Double(batch.prompts.promptCount),
      gradients: [
        map.gradient(found.masks[0], edges),
        zip(byWeights, weights).flatMap { gradients, values in
          zip(gradients, values).map { Double($0) * Double($1) }
        },
      ])
  }

  /// Numbers of all weights, as those of each tensor.
  private func split(_ values: [Double]) -> [[Float]] {
    var start = 0
    return weights.map { tensor in
      defer { start += tensor.count }
      return values[start..<(start + tensor.count)].map(Float.init)
    }
  }

  /// The weights that are kept.
  package func weightMask(_ numbers: [Double]) -> WeightMask {
    var start = 0
    return WeightMask(
      weights.map { tensor in
        defer { start += tensor.count }
        return numbers[start..<(start + tensor.count)].map { $0 > 0 }
      })
  }

  func scores(_ numbers: [Double]) -> EdgeScores { map.scores(numbers.map { Float(sigmoid($0)) }) }

  package func note(_ numbers: [[Double]], step: Int) -> String {
    "\(numbers[0].count { $0 > 0 }) of \(numbers[0].count) edges and \(numbers[1].count { $0 > 0 }) of \(numbers[1].count) weights kept"
  }
}
