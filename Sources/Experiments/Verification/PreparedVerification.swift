import Engine
import Evaluation
import Files
import Foundation
import Graphs
import Hashing
import Methods
import Reports
import Tasks
import Tensors

/// A verification whose run is read, whose model is loaded and whose prompts are made.
struct PreparedVerification {
  private let plan: VerificationPlan
  private let run: FinishedRun
  private let prepared: PreparedDiscovery
  private let scores: EdgeScores
  private let truth: EdgeScores?
  private let bestCount: Int
  private let budget: VerificationBudget

  var device: Device { prepared.loaded.model.device }

  init(_ plan: VerificationPlan, telling listener: ExperimentListener) throws {
    let directory = URL(path: plan.run)
    guard !plan.run.isEmpty, let run = try FinishedRun(directory) else {
      throw ExperimentError("\(plan.run): expected the directory of a run, with run.json.")
    }
    self.plan = plan
    self.run = run
    var discovery = run.plan
    discovery.method = try MethodChoice("exact")
    discovery.model = plan.model ?? discovery.model
    discovery.hardware = plan.hardware
    // Edges are patched on all prompts and at all tokens, however the run's circuit was chosen.
    discovery.perPrompt = false
    discovery.spans = nil
    discovery.selection = SelectionPlan()
    discovery.task = plan.prompts(over: run.plan.task)
    discovery.task.metric = run.metric
    discovery.ablation = run.plan.ablation
    prepared = try PreparedDiscovery(
      discovery, of: plan.isShifted ? nil : run, verifying: false)
    try prepared.requireMemory(scoring: true)
    guard plan.model != nil || prepared.loaded.files == run.files.model else {
      throw ExperimentError(
        """
        \(prepared.loaded.model.name): this is not the model of the run any more: its files have changed. Name the model \
        with --model to verify the scores in it all the same.
        """)
    }
    guard plan.isShifted || prepared.files.task == run.files.task else {
      throw ExperimentError(
        "\(plan.run): the file of the run's prompts has changed; name prompts with --task.")
    }
    // The file of an optimal ablation's constants must be the run's.
    _ = try run.ablation(for: prepared.loaded.model)
    let graph = prepared.problem.graph
    let contents = try CircuitSource.contents(directory, [graph])
    guard let scores = contents.scores else {
      throw ExperimentError("\(plan.run): the run has no scores; run discover again.")
    }
    self.scores = scores
    if case .scores(let path) = plan.truth {
      truth = try ScoredSource(path, graphs: [graph]).scores
    } else {
      truth = nil
    }
    bestCount = min(max(plan.bestCount ?? contents.circuit?.edgeCount ?? 0, 1), graph.edgeCount)
    if plan.budget.patches > graph.edgeCount {
      listener.note(
        """
        note: the graph has only \(Numbers.count(graph.edgeCount)) edges, fewer than the budget: all are patched.
        """)
    }
    budget = VerificationBudget(
      patches: min(plan.budget.patches, graph.edgeCount), rounds: plan.budget.rounds)
  }

  /// Names of all that makes this run what it is.
  var identity: [String: String] {
    let numbers = scores.values.map { "\($0)" }.joined(separator: " ")
    return prepared.identity.merging([
      "scores": sha256(of: Data(numbers.utf8)), "strategy": plan.strategy.name,
      "budget": "\(budget.patches) in \(budget.rounds) rounds", "best edges": "\(bestCount)",
      "truth": plan.truth.map { "\($0)" } ?? "none",
    ]) { $1 }
  }

  func run(telling listener: ExperimentListener, state: ResumeState?) throws -> VerificationRun {
    var notes: [String] = []
    let listener = listener.keeping { notes.append($0) }
    let standing = try prepared.standing()
    standing.notes.forEach(listener.note)
    let states = try state.map { try StagedStates<[Double]>($0) }
    let features = try prepared.explained { () throws(MethodError) in
      try MeasuredFeatures.of(
        prepared.problem, scores, bestCount: bestCount, telling: listener)
    }
    let start = EdgeVerification(scores, features: features, bestCount: bestCount)
    let patching = ExactRounds(
      prepared: prepared, states: states, total: budget.patches, listener: listener)
    let all = try exhaustive(patching)
    var known = [start]
    for (index, size) in budget.sizes.enumerated() {
      var next = known[index]
      let edges = next.next(size, by: plan.strategy)
      let effects =
        try all.map { all in edges.map { Double(all.values[$0]) } }
        ?? patching.effects(of: edges, "round \(index + 1)", after: next.patchCount)
      next.observe(edges, effects)
      known.append(next)
    }
    return VerificationRun(
      heading: heading(standing), plan: plan, states: known, curves: curves(known, all),
      metric: run.metric, method: run.methodDescription, notes: notes)
  }

  private func heading(_ standing: PreparedDiscovery.Standing) -> [String] {
    [
      prepared.heading.model, prepared.taskLine(standing),
      """
      scores of \(plan.run): \(run.methodDescription), \(run.metric)\
      \(plan.isShifted ? "; found on other prompts" : "")
      """,
    ]
  }

  /// The exact effects of all edges, where they are asked for or the budget is that of all; nil elsewhere.
  ///
  /// Together they are patched as the method `exact` does, to the last bit, whatever the rounds.
  private func exhaustive(_ patching: ExactRounds) throws -> EdgeScores? {
    let graph = scores.graph
    guard plan.truth == .exhaustive || budget.patches == graph.edgeCount else { return nil }
    let edges = graph.edgeOffsets
    var values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for (edge, effect) in zip(edges, try patching.effects(of: edges, "all edges")) {
      values[edge] = Float(effect)
    }
    return EdgeScores(values, graph: graph)
  }

  /// What every strategy finds, where the exact effects of all edges are told: this run's own as it was.
  private func curves(_ known: [EdgeVerification], _ all: EdgeScores?) -> [RecallCurve] {
    guard plan.truth != nil, let truth = truth ?? all else { return [] }
    return PatchStrategy.all.map { strategy in
      strategy.name == plan.strategy.name
        ? RecallCurve(of: known, truth: truth, strategy: strategy)
        : RecallCurve(from: known[0], truth: truth, strategy: strategy, budget: budget)
    }
  }
}

/// Exact patches round by round, with what was patched before an interruption.
private struct ExactRounds {
  let prepared: PreparedDiscovery
  let states: StagedStates<[Double]>?
  /// How many edges are patched in rounds.
  let total: Int
  let listener: ExperimentListener

  /// The exact effects of some edges.
  ///
  /// - Parameters:
  ///   - edges: Their places in a matrix `[writers, readers]`.
  ///   - stage: What the round is called.
  ///   - count: How many edges were patched in earlier rounds; nil where there are none.
  /// - Returns: An effect for each edge.
  /// - Throws: `MethodError` when the model's numbers overflow, or a kept state is not of this run.
  func effects(
    of edges: [Int], _ stage: String, after count: Int? = nil
  ) throws -> [Double] {
    guard !edges.isEmpty else { return [] }
    if let kept = states?.outcome(stage) {
      guard kept.count == edges.count else { throw MethodError.foreignState }
      return kept
    }
    let progress = { (part: RunProgress) in
      let share = Double(part.done) / Double(max(part.total, 1))
      listener.progress(
        RunProgress(
          part.activity, done: (count ?? 0) + Int(share * Double(edges.count)),
          total: count == nil ? edges.count : total, note: stage))
    }
    let problem = prepared.problem
    let run = MethodRun(
      progress: progress, states: states?.states(stage, of: problem.model.device))
    let graph = problem.graph
    let exact = try prepared.explained { () throws(MethodError) in
      try ExactPatching(edges: edges.map(graph.edge(at:))).scores(for: problem, run: run)
    }
    let effects = edges.map { Double(exact.values[$0]) }
    states?.finish(stage, effects)
    return effects
  }
}
