import Graphs
import Engine
import Tasks
package import Tensors

/// The loss of a gate; see ``PromptGates``.
package struct GateObjective: Trainable {
  private let method: PromptGates
  private let recipe: MaskRecipe
  private let map: MaskMap
  private let metric: any DifferentiableMetric
  let shape: GateShape
  let featureScale: FeatureScale
  private let batches: [Batch]
  /// What the metric is divided by.
  private let scale: Double

  /// A batch of prompts with what the gate sees of them.
  private struct Batch {
    let prepared: PreparedBatch
    /// For each prompt its features in one size.
    let features: [[Double]]
    /// The cosines of the features as they are, `[prompt, prompt]`.
    let likeness: [Double]
    /// The metric of the full model on each prompt.
    let full: [Double]
  }

  /// Prepares all prompts.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient or lacks answers.
  package init(_ method: PromptGates, _ problem: DiscoveryProblem) throws(MethodError) {
    self.method = method
    recipe = method.recipe
    map = MaskMap(recipe.units, problem.graph)
    let metric = try recipe.metric.metric(for: problem)
    let features = PromptFeatures(of: problem.task, in: problem.model)
    let featureScale = FeatureScale(
      features, streamCount: features.width / problem.graph.dModel)
    let prepared = recipe.batches(problem).map { PreparedBatch($0, of: problem) }
    var first = 0
    batches = prepared.map { batch in
      let own = Array(features.values[first..<(first + batch.batch.promptCount)])
      first += own.count
      return Batch(
        prepared: batch, features: own.map { featureScale($0) },
        likeness: MaskSimilarity.cosines(own),
        full: metric.values(
          ofRuns: batch.reference.logits, of: batch.batch, reference: batch.reference)[0])
    }
    scale = MaskObjective.scale(problem, prepared, metric)
    shape = GateShape(edgeCount: map.count, rank: method.rank, width: features.width)
    self.metric = metric
    self.featureScale = featureScale
  }

  package var groups: [NumberGroup] {
    let zeros = [Double](repeating: 0, count: shape.edgeCount * shape.rank)
    let adam = Adam(rate: method.settings.learningRate, decay: PromptGates.decay)
    return [
      NumberGroup("mask", start: recipe.startNumbers(map), optimiser: .adam(adam)),
      NumberGroup("gate", start: zeros, optimiser: .adam(adam)),
      NumberGroup(
        "directions", start: shape.startDirections(seed: recipe.seed),
        optimiser: .adam(Adam(rate: PromptGates.directionRate * method.settings.learningRate))),
    ]
  }

  package func loss(
    _ numbers: [[Double]], step: Int, using generator: inout SeededGenerator
  ) -> LossGradient {
    let batch = batches[step % batches.count]
    let noise = batch.features.map { _ in
      recipe.parametrisation.noise(shape.edgeCount, using: &generator)
    }
    return loss(numbers, noise: noise, on: batch).gradient
  }

  /// The loss on the first batch with given noise, and how easy each prompt was; for tests.
  ///
  /// - Parameters:
  ///   - numbers: θ, U and V.
  ///   - noise: For each prompt what its mask is drawn with.
  ///   - ease: How easy each prompt is taken to be; nil for what its loss says.
  /// - Returns: The loss with its gradient, in which ease is held.
  package func loss(
    _ numbers: [[Double]], noise: [[Double]], ease: [Double]? = nil
  ) -> (gradient: LossGradient, ease: [Double]) {
    loss(numbers, noise: noise, on: batches[0], ease: ease)
  }

  /// How many prompts the first batch has, and how many random numbers each mask takes.
  package var firstBatch: (promptCount: Int, noiseCount: Int) {
    (batches[0].features.count, recipe.parametrisation.noiseCount(shape.edgeCount))
  }

  private func loss(
    _ groups: [[Double]], noise: [[Double]], on batch: Batch, ease: [Double]? = nil
  ) -> (gradient: LossGradient, ease: [Double]) {
    let prepared = batch.prepared
    let numbers = batch.features.map { shape.numbers(groups, $0) }
    let draws = zip(numbers, noise).map { recipe.parametrisation.mask($0, noise: $1) }
    let run = prepared.run(draws.map { map.mask($0.values) })
    let result = run.taped()
    let measured = metric.measure(
      result.logits, of: prepared.batch, reference: prepared.reference)
    let share = 1 / (scale * Double(numbers.count))
    var dlogits = measured.gradient
    dlogits.scale(by: Float(-share))
    let masks = run.backward(dlogits, result.tape, wanting: .mask).masks
    let ease = ease ?? zip(batch.full, measured.values).map { self.ease(($0 - $1) / scale) }
    let presences = numbers.map { $0.map(recipe.parametrisation.presence) }
    let alike = MaskSimilarity.cost(
      presences.map { $0.map(\.value) }, wanted: batch.likeness)
    let similarity = method.similarity / Double(map.count)
    var loss = similarity * alike.cost - share * measured.values.reduce(0, +)
    var slopes = zip(masks, draws).map { mask, draw in
      recipe.parametrisation.gradient([map.gradient(mask, draw.values)], of: [draw])
    }
    for prompt in numbers.indices {
      let price = method.settings.sparsity * ease[prompt] / Double(numbers.count * map.count)
      for (edge, presence) in presences[prompt].enumerated() {
        loss += price * presence.value
        let alikeSlope = similarity * alike.gradients[prompt][edge]
        slopes[prompt][edge] += (price + alikeSlope) * presence.slope
      }
    }
    let gradients = shape.gradients(groups, slopes, batch.features)
    return (LossGradient(loss: loss, gradients: gradients), ease)
  }

  /// How easy a prompt is: `(C − loss) / C`, between 0 and 1.
  private func ease(_ loss: Double) -> Double {
    min(max((method.patience - loss) / method.patience, 0), 1)
  }

  /// How many edges a prompt keeps on average.
  package func note(_ numbers: [[Double]], step: Int) -> String {
    let counts = batches[0].features.map { features in
      shape.numbers(numbers, features).count { $0 > 0 }
    }
    let mean = Double(counts.reduce(0, +)) / Double(counts.count)
    return "\(Int(mean.rounded())) of \(map.count) likely kept of a prompt"
  }
}
