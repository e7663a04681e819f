import Edgewise

/// Runs the parts of an evaluation, one after another.
struct Measuring {
  let found: EvaluationSource
  let scheme: AblationScheme
  let selection: SelectionOptions
  let options: MeasureOptions
  let bar: ProgressBar

  private var evaluation: CircuitEvaluation {
    CircuitEvaluation(model: found.model, task: found.task, scheme: scheme)
  }
  private var ranking: EdgeScores.Ranking { found.discovery?.selection.ranking ?? .magnitude }
  private var order: CircuitSelection.Order {
    selection.order == .greedy ? .greedy : found.discovery?.selection.order ?? .top
  }
  private var seed: UInt64 { 0 }

  private func wants(_ measure: MeasureOptions.Measure) -> Bool {
    options.measures.contains(measure)
  }

  /// Measures what was asked for.
  ///
  /// - Throws: ``Failure`` when the metric is not a number, or a part needs scores that are not there.
  func report(truth: Circuit?, others: EdgeScores?) throws -> EvaluationReport {
    let (circuit, task) = (found.circuit, found.task)
    var report = EvaluationReport(
      heading: heading, circuit: circuit, metric: task.metric.name)
    let metrics =
      [task.metric] + Metrics.all.filter { task.allows($0) && $0.name != task.metric.name }
    let measured = evaluation.faithfulness(of: [circuit], by: metrics, progress: bar.show)[0]
    guard measured.allSatisfy(\.isFinite) else {
      throw Failure("The metric of a run is not a number; check the model's weights.")
    }
    measured[0].warnIfEmptyIsFull()
    report.metrics = zip(metrics, measured).map { ($0.name, $1) }
    if wants(.random) {
      report.random = evaluation.randomBaseline(
        like: circuit, count: options.draws, seed: seed, progress: bar.show)
    }
    if wants(.curve), let scores = found.scores {
      let rankings: [EdgeScores.Ranking] = [.signed, .magnitude]
      report.curves = zip(
        rankings, evaluation.curves(of: scores, by: rankings, order: order, progress: bar.show)
      ).map { ($0, $1) }
    }
    if wants(.completeness) {
      report.completeness = evaluation.completeness(
        of: circuit, halves: options.draws, seed: seed, progress: bar.show)
    }
    if wants(.minimality) {
      report.minimality = evaluation.minimality(of: circuit, progress: bar.show)
    }
    if wants(.stability) { report.stability = try stability() }
    compare(&report, truth: truth, others: others)
    return report
  }

  private var heading: [String] {
    let (circuit, graph) = (found.circuit, found.circuit.graph)
    let pruned = circuit.pruned()
    return [
      """
      \(found.model.name): \(graph.layerCount) layers of \(graph.headCount) heads, \
      \(Numbers.count(graph.edgeCount)) edges
      """,
      """
      circuit of \(Numbers.count(circuit.edgeCount, "edge")), \
      \(Numbers.count(pruned.edgeCount)) on paths from input to logits, through \
      \(Numbers.count(max(pruned.writers.count - 1, 0))) heads and MLPs
      """, found.taskDescription,
      """
      \(scheme.ablation) ablation of \(scheme.granularity.rawValue) outside of the circuit, \
      \(scheme.positions == .all ? "all positions" : "at \(scheme.positions)")
      """,
    ]
  }

  private func compare(
    _ report: inout EvaluationReport, truth: Circuit?, others: EdgeScores?
  ) {
    if let truth {
      report.overlap = CircuitOverlap(of: found.circuit, with: truth)
      report.recovery = found.scores.map { scores in
        RecoveryCurve.Level.allCases.map {
          ($0, RecoveryCurve(of: scores, truth: truth, ranking: ranking, level: $0))
        }
      }
    }
    if let others, let scores = found.scores {
      report.agreement = ScoreAgreement(scores, others, by: ranking)
    }
  }

  /// Scores each group of prompts by itself, with the method that found the circuit.
  ///
  /// nil when no run says how the circuit was found, or there is one prompt only.
  private func stability() throws -> Stability? {
    guard let discovery = found.discovery, found.task.pairs.count > 1 else { return nil }
    let problem = DiscoveryProblem(
      model: found.model, task: found.task, graph: found.circuit.graph,
      ablation: discovery.method.ablation)
    let method = try discovery.method.entry().make(discovery.method.options)
    let groups = groups(of: found.task.pairs.count)
    let parts = try groups.enumerated().map { index, group in
      bar.show(RunProgress("scoring prompts", done: index, total: groups.count))
      return try method.scores(for: problem.restricted(to: group)) { _ in }
    }
    bar.show(RunProgress("scoring prompts", done: groups.count, total: groups.count))
    return Stability(
      parts: parts, selection: selection.chosen ?? discovery.selected, draws: options.draws,
      seed: seed)
  }

  /// Single prompts, or equal groups of them where that many scores would take more than 2 GiB.
  private func groups(of count: Int) -> [Range<Int>] {
    let graph = found.circuit.graph
    let most = max((1 << 29) / (graph.writerCount * graph.readerCount), 2)
    let size = (count + most - 1) / most
    return stride(from: 0, through: count - size, by: size).map { $0..<($0 + size) }
  }
}
