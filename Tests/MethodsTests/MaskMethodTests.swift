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

/// Methods that train masks: what they end in, and that they go on from where they were.
@Suite struct MaskMethodTests {
  /// Short trainings of each kind.
  static let short = [
    "sp:steps=12", "sp-edges:steps=12", "edge-pruning:steps=12:prompts=4",
    "edge-pruning:steps=12:prompts=4:node-target=0.5", "ugs:steps=12:prompts=2:draws=3",
    "hcgs:steps=12:prompts=2:draws=2",
    "ugs:steps=12:prompts=3:constants", "mattr:steps=12:prompts=3",
    "mattr:steps=12:level=nodes:sizes=uniform", "mattr:steps=12:unlearned",
  ]

  private func method(_ text: String, start: EdgeScores? = nil, seed: UInt64 = 0) throws
    -> any DiscoveryMethod
  {
    let choice = try MethodChoice(text)
    return choice.method.make(choice.options(seed: seed, start: start))
  }

  private func problem(_ family: String = "gpt2") throws -> DiscoveryProblem {
    let golden = try GoldenModel(family)
    return DiscoveryProblem(model: golden.model, task: try golden.task(LogitDifference()))
  }

  @Test(arguments: short) func `a training goes on from any state`(text: String) throws {
    try expectResumes(training: method(text), problem())
  }

  @Test(arguments: short) func `the seed decides, and nothing else`(text: String) throws {
    let problem = try problem("llama")
    let scores = { (seed: UInt64) in try self.method(text, seed: seed).scores(for: problem) }
    #expect(try scores(1) == scores(1))
    #expect(try scores(1) != scores(2))
  }

  @Test(arguments: [
    "sp-edges:sparsity=0", "edge-pruning:target=0.0001:prompts=6", "ugs:lambda=0", "hcgs:lambda=0",
  ]) func `without a price everything that helps is kept`(text: String) throws {
    let problem = DiscoveryProblem(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
    let scores = try method(text + ":steps=60:loss=task").scores(for: problem)
    for name in ["input->m0", "m0->logits", "input->logits"] {
      #expect(scores[try #require(Edge(name))] > 0.7, "\(name)")
    }
  }

  /// Two equal ways to the answer and one of twice their effect: which of them are kept is what is worth most.
  @Test(arguments: [
    "edge-pruning:target=0.625:steps=200:loss=task", "mattr:steps=300:rate=0.1",
    "mattr:steps=300:rate=0.1:sizes=uniform", "mattr:steps=400:unlearned",
    "hcgs:steps=300:lambda=0.1:loss=task",
  ]) func `edges of the hand-worked circuit come first`(text: String) throws {
    let problem = DiscoveryProblem(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
    let scores = try method(text).scores(for: problem)
    let first = scores.top(3, by: .signed).map(\.edge.description)
    #expect(Set(first) == ["input->m0", "m0->logits", "input->logits"], "\(first)")
  }

  @Test func `a target is the size of the circuit`() throws {
    let problem = try problem()
    for target in [0.5, 0.9] {
      let method = EdgePruning(target: target, settings: TrainingSettings(steps: 20))
      let scores = try method.scores(for: problem)
      let circuit = scores.circuit(try #require(method.ownCircuit))
      #expect(circuit.edgeCount == problem.graph.edgeCount(share: 1 - target))
    }
    #expect(EdgePruning(target: 1.1, settings: TrainingSettings()).ownCircuit == nil)
  }

  /// Numbers start by the ranks of scores, so that a step of nothing returns their order.
  @Test(arguments: ["sp-edges", "edge-pruning", "ugs", "hcgs", "mattr", "discogp"])
  func `a warm start has the order of its scores`(name: String) throws {
    let problem = try problem()
    let start = try AttributionPatching.plain.scores(for: problem)
    let scores = try method("\(name):steps=1:rate=1e-9", start: start).scores(for: problem)
    #expect(scores.ranked(by: .signed) == start.ranked(by: .magnitude))
    let cold = try method("\(name):steps=1:rate=1e-9").scores(for: problem)
    #expect(cold.ranked(by: .signed) != start.ranked(by: .magnitude))
  }

  /// `∫ 2 t (1 − t) (g − mean g) dt` for uniform sizes; for log sizes the weight is `2 (1 − t) / ln n`.
  @Test(arguments: [MaskAttribution.Sizes.uniform, .log])
  func `without learning the scores are an integral along the mask`(
    sizes: MaskAttribution.Sizes
  ) throws {
    let problem = DiscoveryProblem(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
    let graph = problem.graph
    let count = Double(graph.edgeCount)
    let map = MaskMap(.edges, graph)
    let recipe = MaskRecipe(
      parametrisation: SigmoidMask(), units: .edges, sparsity: .none,
      optimiser: .adam(Adam(rate: 1)), steps: 1, seed: 0)
    let objective = try MaskObjective(recipe, problem)
    var expected = [Double](repeating: 0, count: map.count)
    let points = 400
    for point in 0..<points {
      let uniform = (Double(point) + 0.5) / Double(points)
      let size = sizes == .uniform ? 1 + uniform * (count - 1) : exp(uniform * log(count))
      let share = size / count
      let draw = MaskDraw(
        values: [Double](repeating: share, count: map.count),
        slopes: [Double](repeating: 1, count: map.count))
      let gradient = objective.loss([draw.values], [draw], progress: 1).gradients[0]
      let mean = gradient.reduce(0, +) / count
      for index in expected.indices {
        let slope = 2 * share * (1 - share) / Double(points)
        expected[index] -= slope * (gradient[index] - mean)
      }
    }
    let method = MaskAttribution(
      sizes: sizes, learns: false, settings: TrainingSettings(steps: 3000, promptCount: 6))
    let scores = try method.scores(for: problem)
    let found = graph.edgeOffsets.map { Double(scores.values[$0]) }
    expectClose(found, expected, relative: 0.03, "\(sizes)")
  }

  /// −(m − m(M))², by the masked run's own metric; its gradient is that of the metric times −2 (m − m(M)).
  @Test(arguments: ["gpt2", "llama"]) func `what is faithful is what the full model does`(
    family: String
  ) throws {
    let golden = try GoldenModel(family)
    let problem = DiscoveryProblem(model: golden.model, task: try golden.task(LogitDifference()))
    let objective = { (metric: TrainedMetric, seed: UInt64) in
      let recipe = MaskRecipe(
        parametrisation: SigmoidMask(), units: .edges, sparsity: .none,
        optimiser: .adam(Adam(rate: 1)), metric: metric, steps: 1, seed: seed)
      return try MaskObjective(recipe, problem)
    }
    let map = MaskMap(.edges, problem.graph)
    var numbers = [Double](repeating: 0, count: map.count)
    var generator = SeededGenerator(seed: 21)
    for index in numbers.indices { numbers[index] = .random(in: -2...2, using: &generator) }
    let faithful = try objective(.faithful, 0)
    let loss = { (numbers: [Double]) in
      faithful.loss([numbers], [SigmoidMask().mask(numbers, noise: [])], progress: 1)
    }
    #expect(abs(loss([Double](repeating: 40, count: map.count)).loss) < 1e-6)
    let gradient = loss(numbers).gradients[0]
    let direction = numbers.map { _ in Double.random(in: -1...1, using: &generator) }
    let slope = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
    let moved = [1e-2, -1e-2].map { step in
      loss(zip(numbers, direction).map { $0 + step * $1 }).loss
    }
    #expect(abs((moved[0] - moved[1]) / 2e-2 - slope) < 1e-2 * abs(slope))
  }

  @Test func `a metric that prompts lack answers for is refused`() throws {
    let golden = try GoldenModel("gpt2")
    let task = try golden.task(Divergence.kl)
    let bare = try CircuitTask(
      name: "bare",
      pairs: task.pairs.map {
        PromptPair(
          clean: $0.clean, corrupted: $0.corrupted, answers: [], wrongAnswers: [])
      },
      metric: Divergence.kl, model: golden.model)
    let problem = DiscoveryProblem(model: golden.model, task: bare)
    #expect(throws: MethodError.missingAnswers(metric: "logit-difference")) {
      try self.method("mattr:loss=logit-difference").check(problem)
    }
    try method("mattr:loss=kl").check(problem)
  }
}

/// Circuits that are known, found by masks that are trained.
@Suite struct MaskRecoveryTests {
  /// Masks that are trained for the metric drop what opposes it, as two edges of the cancellation do.
  static let names = PlantedCircuits.names.filter { $0 != "planted-cancellation" }
  static let methods = ["sp-edges:steps=150", "edge-pruning", "mattr:steps=250"]

  private func area(_ text: String, _ known: KnownCircuit, _ ablation: Ablation) throws -> Double {
    let choice = try MethodChoice(text)
    let problem = DiscoveryProblem(
      model: known.model, task: try known.task(count: 40), ablation: ablation)
    let scores = try choice.method.make(choice.options()).scores(for: problem)
    let truth = try #require(known.truth(for: ablation))
    return try #require(RecoveryCurve(of: scores, truth: truth).area(.pessimistic))
  }

  @Test(arguments: names, methods)
  func `planted circuits`(name: String, method: String) throws {
    let found = try area(method, PlantedCircuits.named(name), .resample)
    #expect(found >= 0.99, "\(name) by \(method): \(found)")
  }

  @Test(arguments: ["reverse", "xproportion", "hist"], ["mattr:steps=250"])
  func `compiled circuits`(name: String, method: String) throws {
    let found = try area(method, TracrProgram(name).known, .resample)
    #expect(found >= 0.99, "\(name) by \(method): \(found)")
  }
}
