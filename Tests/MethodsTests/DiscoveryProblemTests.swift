import Engine
import Graphs
import Methods
import Tasks
import TestSupport
import Testing

/// What the parts of a problem share, and what they do not.
@Suite struct DiscoveryProblemTests {
  private static let ablations: [Ablation] = [
    .resample, .mean(), .positionalMean(over: .both), .zero,
  ]

  private func problem(_ ablation: Ablation) throws -> DiscoveryProblem {
    let golden = try GoldenModel("gpt2")
    return DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()), ablation: ablation)
  }

  /// Two prompts together, then one by one.
  private func groups(_ problem: DiscoveryProblem) -> [Range<Int>] {
    [0..<2] + (2..<problem.task.pairs.count).map { $0..<$0 + 1 }
  }

  @Test(arguments: [Ablation.mean(), .positionalMean(over: .clean)])
  func `the parts of a problem share its means`(ablation: Ablation) throws {
    let whole = try problem(ablation)
    let part = whole.restricted(to: 1..<3)
    #expect(part.ablation == ablation && part.task.pairs.count == 2)
    let means = try #require(whole.ablationValues.rows)
    #expect(part.ablationValues.rows === means)
    #expect(part.restricted(to: 0..<1).ablationValues.rows === means)
    #expect(try problem(ablation).ablationValues.rows !== means)
  }

  /// Whatever was run before, a part's scores are those of a problem that nothing was asked of yet.
  @Test(arguments: ablations) func `shared means are those of each part by itself`(
    ablation: Ablation
  ) throws {
    let methods: [any DiscoveryMethod] = [ExactPatching(), ACDC(thresholds: [0.01])]
    for method in methods {
      let whole = try problem(ablation)
      let groups = groups(whole)
      var steps: [RunProgress] = []
      let parts = try method.promptScores(
        for: whole, groups: groups, run: MethodRun { steps.append($0) })
      #expect(steps.map(\.done) == Array(0...groups.count))
      for (part, group) in zip(parts, groups) {
        #expect(try part == method.scores(for: problem(ablation).restricted(to: group)))
      }
    }
  }

  /// One run of all prompts scores each of them as a run of its own would.
  @Test(arguments: ablations, ["gpt2", "llama"]) func `attribution tells prompts apart in one run`(
    ablation: Ablation, family: String
  ) throws {
    let golden = try GoldenModel(family)
    let methods: [AttributionPatching] = [
      .plain, .integrated(steps: 3), .integrated(along: .modules, steps: 2), .cleanAndCorrupted,
    ]
    for method in methods {
      let whole = DiscoveryProblem(
        model: golden.model, task: try golden.task(LogitDifference()), ablation: ablation)
      let groups = groups(whole)
      let parts = try method.promptScores(for: whole, groups: groups, run: MethodRun())
      #expect(parts.count == groups.count)
      for (part, group) in zip(parts, groups) {
        let alone = try method.scores(for: whole.restricted(to: group))
        expectClose(
          part.values.map(Double.init), alone.values.map(Double.init), relative: 1e-5, family)
      }
    }
  }

  /// A group's prompts may lie in several batches, and a batch's in several groups.
  @Test func `groups lie across batches`() throws {
    let golden = try GoldenModel("gpt2")
    let pairs = try golden.task(LogitDifference()).pairs
    let limit = golden.model.plainBatch.tokens
    let copies = 3 * limit / pairs.map(\.clean.count).reduce(0, +) + 1
    let task = try CircuitTask(
      name: "many", pairs: [[PromptPair]](repeating: pairs, count: copies).flatMap(\.self),
      metric: LogitDifference(), model: golden.model)
    let problem = DiscoveryProblem(model: golden.model, task: task)
    let count = task.pairs.count
    let groups = [0..<1, 1..<(2 * count / 3), (2 * count / 3)..<count]
    let method = AttributionPatching.plain
    let parts = try method.promptScores(for: problem, groups: groups, run: MethodRun())
    #expect(parts.count == groups.count)
    for (part, group) in zip(parts, groups) {
      let alone = try method.scores(for: problem.restricted(to: group))
      expectClose(
        part.values.map(Double.init), alone.values.map(Double.init), relative: 1e-5, "\(group)")
    }
  }

  /// Tokens that both prompts of a pair start with are left out where no write differs at them: with
  /// resampling, as long as no token sees what comes after it.
  @Test(
    arguments: ["gpt2", "gpt_neox", "llama", "qwen2"],
    [(Ablation.resample, true), (.resample, false), (.zero, true)])
  func `a shared start carries nothing`(family: String, setting: (Ablation, Bool)) throws {
    let (ablation, isCausal) = setting
    let golden = try GoldenModel(family)
    var configuration = golden.model.configuration
    for layer in configuration.layers.indices {
      configuration.layers[layer].isCausal = isCausal
    }
    let model = Transformer(
      name: family, configuration: configuration, weights: golden.model.weights)
    let golds = try golden.task(LogitDifference()).pairs
    let pairs = golds.enumerated().map { index, pair in
      // The first one, two, … tokens are those of the clean prompt, and of one pair all.
      let shared = min(index + 1, pair.clean.count)
      return PromptPair(
        clean: pair.clean,
        corrupted: Array(pair.clean.prefix(shared)) + pair.corrupted.dropFirst(shared),
        answers: pair.answers, wrongAnswers: pair.wrongAnswers)
    }
    let task = try CircuitTask(
      name: "shared", pairs: pairs, metric: LogitDifference(), model: model)
    let scores = try AttributionPatching.plain.scores(
      for: DiscoveryProblem(model: model, task: task, ablation: ablation))
    let batch = TokenBatch(pairs.map(\.clean))
    let ablated =
      ablation == .zero
      ? model.zeroWrites(tokenCount: batch.tokens.count)
      : PlainRun(model, batch: TokenBatch(pairs.map(\.corrupted))).forward().writes
    let run = MaskedRun(
      model, batch: batch, mask: EdgeMask(1, graph: golden.graph), ablated: ablated)
    let taped = run.taped()
    let gradient = run.backward(
      try golden.logitDifferenceGradient(), taped.tape, wanting: .mask
    ).masks[0]
    expectClose(
      scores.values.map { Double($0) * Double(pairs.count) }, gradient, relative: 1e-4, family)
  }

  /// A sum over prompts is that of its parts, which holds only with the same means for all.
  @Test(arguments: ablations) func `scores are the mean of those of the prompts`(
    ablation: Ablation
  ) throws {
    let whole = try problem(ablation)
    let groups = groups(whole)
    let count = Double(whole.task.pairs.count)
    for method in [AttributionPatching.plain as any DiscoveryMethod, ExactPatching()] {
      let parts = try method.promptScores(for: whole, groups: groups, run: MethodRun())
      let scores = try method.scores(for: whole).values.map(Double.init)
      let mean = scores.indices.map { edge in
        zip(parts, groups).reduce(0) { $0 + Double($1.0.values[edge]) * Double($1.1.count) / count }
      }
      expectClose(mean, scores, relative: 1e-4, "\(ablation)")
    }
  }

  @Test func `means over a part would give other scores`() throws {
    let whole = try problem(.mean())
    let part = whole.restricted(to: 0..<1)
    let alone = DiscoveryProblem(model: part.model, task: part.task, ablation: .mean())
    let method = AttributionPatching.plain
    #expect(try method.scores(for: part) != method.scores(for: alone))
  }
}
