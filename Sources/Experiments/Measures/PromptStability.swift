import Engine
public import Evaluation
import Graphs
import Methods
public import Reports
import Tasks

extension EvaluationMeasure {
  /// How much the circuit depends on the prompts.
  public static let stability = EvaluationMeasure(
    "stability", "how far scores and circuit change when prompts are drawn again"
  ) { source in
    guard let run = source.run else {
      throw ExperimentError(
        "The measure stability needs the directory of a run, which says how the circuit was found."
      )
    }
    guard source.task.pairs.count > 1 else {
      throw ExperimentError("The measure stability needs more than one prompt pair.")
    }
    let problem = try problem(of: source, run)
    if let options = try? run.methodOptions(problem.graph, source.model) {
      try problem.requireMemory(scoredBy: run.plan.method.method, options)
    }
    return { try stability(of: $0, found: run) }
  }

  /// What the discovery was asked, on the prompts of an evaluation.
  private static func problem(
    of source: EvaluationSource, _ found: FinishedRun
  ) throws -> DiscoveryProblem {
    DiscoveryProblem(
      model: source.model,
      task: try CircuitTask(
        name: source.task.name, pairs: source.task.pairs,
        metric: try Metrics.named(found.metric), model: source.model),
      graph: source.circuit.graph, ablation: try found.ablation(for: source.model))
  }

  /// Scores each group of prompts by itself, with the method, metric and ablation of the discovery.
  private static func stability(of run: EvaluationRun, found: FinishedRun) throws -> Stability? {
    let source = run.source
    let problem = try problem(of: source, found)
    let entry = found.plan.method.method
    let options: MethodOptions
    do {
      options = try found.methodOptions(problem.graph, source.model)
    } catch  where !run.isNamed {
      run.listener.note("note: stability is left out: \(error)")
      return nil
    }
    // What takes many passes is done again for every prompt only when it is asked for.
    guard run.isNamed || entry.passes(options, problem).forward <= 50 else { return nil }
    let parts = try entry.make(options).promptScores(
      for: problem, groups: groups(of: problem.task.pairs.count, problem.graph),
      run: MethodRun(progress: run.listener.progress))
    return Stability(parts: parts, selection: source.selection, draws: run.draws, seed: run.seed)
  }

  /// Single prompts, or nearly equal groups where so many scores would take more than 2 GiB.
  private static func groups(of count: Int, _ graph: ComputationGraph) -> [Range<Int>] {
    let most = max((1 << 29) / (graph.writerCount * graph.readerCount), 2)
    let number = min(count, most)
    return (0..<number).map { (count * $0 / number)..<(count * ($0 + 1) / number) }
  }
}

extension Stability: Finding {
  /// The key in `evaluation.json`.
  public static let key = "stability"

  /// Means and the lowest values.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    """
    on prompts drawn again with replacement: Jaccard index of two circuits \
    \(Numbers.fixed(jaccard.mean)) (from \(Numbers.fixed(jaccard.quantile(0)))),
    rank correlation with the scores of all prompts \
    \(Numbers.fixed(rankCorrelation.mean)) (from \
    \(Numbers.fixed(rankCorrelation.quantile(0))))
    """
  }

  /// Means and the lowest values.
  public func json(in report: EvaluationReport) -> any Encodable {
    [
      "jaccard": jaccard.mean, "jaccard, lowest": jaccard.quantile(0),
      "rank correlation": rankCorrelation.mean,
      "rank correlation, lowest": rankCorrelation.quantile(0),
    ].compactMapValues(finite)
  }
}
