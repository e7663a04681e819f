import Engine
import Evaluation
import Graphs
import Methods
import Reports
import Tasks

extension PreparedDiscovery {
  private static let exampleCount = 3
  /// What a trained gate is held against.
  private static let baseline = AttributionPatching.integrated()

  /// The most prompts among which clusters are looked for: what that takes grows with the cube of their number.
  private static let mostPrompts = 1000

  /// Refuses what cannot be done prompt by prompt.
  ///
  /// - Throws: ``ExperimentError``.
  func checkPrompts() throws {
    guard plan.perPrompt else { return }
    guard !(method is DiscoGP) else {
      throw ExperimentError(
        "discogp keeps some weights for all prompts together: leave out --per-prompt, or choose another method."
      )
    }
    let count = problem.task.pairs.count
    guard count <= Self.mostPrompts else {
      throw ExperimentError(
        """
        Clusters are looked for among \(Self.mostPrompts) prompts at most, and there are \(count): lower --count, or \
        leave out --per-prompt.
        """)
    }
  }

  /// What scores and masks of every prompt take beside the rest.
  var promptScoreBytes: Int {
    plan.perPrompt
      ? 24 * problem.task.pairs.count * problem.graph.writerCount * problem.graph.readerCount : 0
  }

  /// The scores of each prompt by itself, and the gate that gives them, of a method that trains one.
  func promptScores(
    _ run: MethodRun
  ) throws(MethodError) -> (parts: [EdgeScores], gate: PromptGate?) {
    guard let gates = method as? PromptGates else {
      return (try Self.promptScores(of: problem, by: method, run), nil)
    }
    let gate = try gates.gate(for: problem, run: run)
    return (gate.scores(of: problem.task), gate)
  }

  private static func promptScores(
    of problem: DiscoveryProblem, by method: any DiscoveryMethod, _ run: MethodRun
  ) throws(MethodError) -> [EdgeScores] {
    try method.promptScores(
      for: problem, groups: problem.task.pairs.indices.map { $0..<($0 + 1) }, run: run)
  }

  /// Clusters of prompts with their circuits, against one circuit of the same size.
  ///
  /// A gate is also held against the clusters of EAP-IG, and on prompts that it was not trained on.
  ///
  /// - Parameters:
  ///   - parts: The scores of each prompt.
  ///   - gate: What gave them, if a gate did.
  ///   - chosen: The run's circuit, whose size and order all others have.
  ///   - listener: Is told how it goes on.
  /// - Returns: What is found.
  /// - Throws: ``MethodError``, and what keeps other prompts from being made.
  func promptReport(
    _ parts: [EdgeScores], _ gate: PromptGate?, _ chosen: CircuitChoice,
    _ listener: ExperimentListener
  ) throws -> PromptReport {
    let selection = CircuitSelection(
      .edges(chosen.circuit.edgeCount), ranking: chosen.ranking, order: chosen.order)
    let own = PromptScoring(plan.method.name, parts, selection, seed: plan.task.seed)
    let baseline =
      try gate == nil ? nil : baseline(CircuitSelection(selection.size), listener)
    let measured = evaluation(on: made.task, nil).choices(
      own.choices + (baseline?.choices ?? []), listener)
    let clusters = own.partition.clusters.enumerated().map { index, prompts in
      PromptReport.Cluster(
        prompts: prompts, scores: own.clusterScores[index],
        circuit: own.clusterScores[index].circuit(selection),
        examples: examples(of: prompts, own.division),
        own: measured[1].faithfulness.restricted(to: prompts),
        single: measured[0].faithfulness.restricted(to: prompts))
    }
    return PromptReport(
      division: own.division, single: own.single, ranking: chosen.ranking, clusters: clusters,
      choices: measured,
      heldOut: try gate.flatMap { try heldOut($0, own, baseline, listener) })
  }

  /// EAP-IG's scores of each prompt; nil where the metric has no gradient that it can follow.
  private func baseline(
    _ selection: CircuitSelection, _ listener: ExperimentListener
  ) throws -> PromptScoring? {
    guard (try? Self.baseline.check(problem)) != nil else { return nil }
    let parts = try Self.promptScores(
      of: problem, by: Self.baseline, MethodRun(progress: listener.progress))
    return PromptScoring("eap-ig", parts, selection, seed: plan.task.seed)
  }

  /// The same circuits on prompts that were not seen: the gate runs each once, EAP-IG scores it; nil where there are none.
  private func heldOut(
    _ gate: PromptGate, _ own: PromptScoring, _ baseline: PromptScoring?,
    _ listener: ExperimentListener
  ) throws -> PromptReport.HeldOut? {
    let others = try plan.task.evaluated(besides: made, for: loaded, method: plan.method.method)
    guard others.isHeldOut else { return nil }
    var choices = own.choices(for: gate.scores(of: others.task))
    if let baseline {
      let other = DiscoveryProblem(
        model: loaded.model, task: others.task, graph: problem.graph, ablation: plan.ablation)
      choices += baseline.choices(
        for: try Self.promptScores(
          of: other, by: Self.baseline, MethodRun(progress: listener.progress)))
    }
    return PromptReport.HeldOut(
      prompts: others.description,
      choices: evaluation(on: others.task, nil).choices(choices, listener))
  }

  /// The prompts that lie best in a cluster, as text, or tokens where the model has no tokenizer.
  private func examples(of prompts: [Int], _ division: PromptClusters) -> [String] {
    let silhouettes = division.isSplit ? division.best?.silhouettes : nil
    let best = prompts.sorted { one, other in
      let (left, right) = (silhouettes?[one] ?? 0, silhouettes?[other] ?? 0)
      return left == right ? one < other : left > right
    }
    return best.prefix(Self.exampleCount).map { prompt in
      let tokens = made.task.pairs[prompt].clean
      return loaded.model.tokenizer?.decode(tokens)
        ?? tokens.map(String.init).joined(separator: " ")
    }
  }
}
