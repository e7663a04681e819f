import ArgumentParser
import Edgewise
import Foundation

/// Runs the parts of an evaluation, one after another.
struct Measuring {
  private let found: EvaluationSource
  private let scheme: AblationScheme
  private let evaluation: CircuitEvaluation
  private let bar: ProgressBar
  private let draws: Int
  private let named: [MeasureOptions.Measure]
  private let measures: Set<MeasureOptions.Measure>
  private let truth: Circuit?
  private let others: EdgeScores?
  /// Where the random choices of all measures start.
  private let seed: UInt64 = 0

  /// Makes sure that everything that was asked for can be measured, before any long run.
  ///
  /// - Throws: ``Failure`` when a measure that was named needs what the source does not have.
  init(
    found: EvaluationSource, scheme: AblationScheme, options: MeasureOptions, bar: ProgressBar
  ) throws {
    self.found = found
    self.scheme = scheme
    evaluation = CircuitEvaluation(model: found.model, task: found.task, scheme: scheme)
    self.bar = bar
    draws = options.draws
    named = options.measures?.elements ?? []
    measures =
      named.isEmpty ? Set(MeasureOptions.Measure.allCases) : Set(named)
    let needsScores =
      named.contains(.curve)
      ? "The measure curve" : options.against.map { _ in "--against" }
    if let needsScores, found.scores == nil {
      throw Failure("\(needsScores) needs scores, and the source has a circuit only.")
    }
    if named.contains(.stability) {
      guard found.discovery != nil else {
        throw Failure(
          "The measure stability needs the directory of a run, which says how the circuit was found."
        )
      }
      guard found.task.pairs.count > 1 else {
        throw Failure("The measure stability needs more than one prompt pair.")
      }
    }
    truth = try options.truth.map { path in
      if let known = try Self.known(path, found, scheme.ablation) { return known }
      guard let truth = try Self.read(path, found).circuit else {
        throw Failure("\(path): expected a circuit as --truth, and the file has scores only.")
      }
      return truth
    }
    others = try options.against.map { path in
      guard let scores = try Self.read(path, found).scores else {
        throw Failure("\(path): expected scores for --against, and the file has a circuit only.")
      }
      return scores
    }
  }

  /// The circuit that is known of a planted model or a compiled program; nil for other paths.
  private static func known(
    _ path: String, _ found: EvaluationSource, _ ablation: Ablation
  ) throws -> Circuit? {
    guard PlantedCircuits.names.contains(path) || CompiledProgram.isThere(URL(filePath: path))
    else {
      return nil
    }
    let argument = try ModelArgument.parse([path])
    let truth = try argument.load(from: try argument.location()).known?.truth(for: ablation)
    guard let truth else {
      throw Failure(
        "\(path): its circuit is not known for \(ablation) ablation; choose another --ablation.")
    }
    guard truth.graph == found.circuit.graph else {
      throw Failure("\(path): its circuit is of another model than \(found.model.name).")
    }
    return truth
  }

  /// Another circuit or scores of the same model: a file, or a run's directory.
  private static func read(
    _ path: String, _ found: EvaluationSource
  ) throws -> CircuitFile.Contents {
    let contents = try EvaluationSource.contents(URL(filePath: path), found.model)
    guard (contents.circuit?.graph ?? contents.scores?.graph) == found.circuit.graph else {
      throw Failure("\(path): it groups keys and values in another way than the circuit does.")
    }
    return contents
  }

  /// Measures what was asked for.
  ///
  /// - Throws: ``Failure`` when a run's metric is NaN or infinite.
  func report() throws -> EvaluationReport {
    let (circuit, task) = (found.circuit, found.task)
    var report = EvaluationReport(
      heading: heading, circuit: circuit, metric: task.metric.name)
    task.warn(about: found.model, task.accuracy(of: found.model))
    let metrics =
      [task.metric] + Metrics.all.filter { task.allows($0) && $0.name != task.metric.name }
    let measured = evaluation.faithfulness(of: [circuit], by: metrics, progress: bar.show)[0]
    try measured.forEach { try $0.requireNumbers(of: found.model) }
    measured[0].warnIfEmptyIsFull()
    report.metrics = zip(metrics, measured).map { ($0.name, $1) }
    if measures.contains(.random) {
      report.random = evaluation.randomBaseline(
        like: circuit, count: draws, seed: seed, progress: bar.show)
    }
    if measures.contains(.curve), let scores = found.scores {
      let rankings: [EdgeScores.Ranking] = [.signed, .magnitude]
      let curves = evaluation.curves(
        of: scores, by: rankings, order: found.selection.order, progress: bar.show)
      report.curves = zip(rankings, curves).map { ($0, $1) }
    }
    if measures.contains(.completeness) {
      report.completeness = evaluation.completeness(
        of: circuit, halves: draws, seed: seed, progress: bar.show)
    }
    if measures.contains(.minimality) {
      report.minimality = evaluation.minimality(of: circuit, progress: bar.show)
    }
    if measures.contains(.stability) {
      report.stability = try stability(isNamed: named.contains(.stability))
    }
    compare(&report)
    return report
  }

  private var heading: [String] {
    let (circuit, graph) = (found.circuit, found.circuit.graph)
    let pruned = circuit.pruned()
    let place = scheme.positions == .all ? "at all positions" : "at \(scheme.positions)"
    let side = scheme.part == .complement ? "outside of the circuit" : "of the circuit itself"
    return [
      found.model.heading(graph),
      """
      circuit of \(Numbers.count(circuit.edgeCount, "edge")), \
      \(Numbers.count(pruned.edgeCount)) on paths from input to logits, through \
      \(Numbers.count(max(pruned.writers.count - 1, 0))) heads and MLPs
      """, found.circuitDescription, found.selectionDescription,
      found.taskDescription,
      "\(scheme.ablation) ablation of \(scheme.granularity.rawValue) \(side), \(place)",
    ]
  }

  private func compare(_ report: inout EvaluationReport) {
    let ranking = found.selection.ranking
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

  /// Scores each group of prompts by itself, with the method, metric and ablation of the discovery.
  ///
  /// nil when no run says how the circuit was found, or there is one prompt only.
  private func stability(isNamed: Bool) throws -> Stability? {
    guard let run = found.run, found.task.pairs.count > 1 else { return nil }
    let task = try CircuitTask(
      name: found.task.name, pairs: found.task.pairs,
      metric: try Metrics.named(run.metric), model: found.model)
    let problem = DiscoveryProblem(
      model: found.model, task: task, graph: found.circuit.graph,
      ablation: run.discovery.method.edges.ablation)
    let entry = try run.discovery.method.entry()
    let options: MethodOptions
    do {
      options = try run.methodOptions(problem.graph, found.model)
    } catch  where !isNamed {
      note("note: stability is left out: \(error)")
      return nil
    }
    // What takes many passes is done again for every prompt only when it is asked for.
    guard isNamed || entry.passes(options, problem).forward <= 50 else { return nil }
    let parts = try entry.make(options).promptScores(
      for: problem, groups: groups(of: task.pairs.count), run: MethodRun(progress: bar.show))
    return Stability(parts: parts, selection: found.selection, draws: draws, seed: seed)
  }

  /// Single prompts, or nearly equal groups where so many scores would take more than 2 GiB.
  private func groups(of count: Int) -> [Range<Int>] {
    let graph = found.circuit.graph
    let most = max((1 << 29) / (graph.writerCount * graph.readerCount), 2)
    let number = min(count, most)
    return (0..<number).map { (count * $0 / number)..<(count * ($0 + 1) / number) }
  }
}

extension Faithfulness {
  /// - Throws: ``Failure`` when a run's metric is NaN or infinite.
  func requireNumbers(of model: Transformer) throws {
    guard isFinite else { throw model.overflow("The metric of a run is NaN or infinite") }
  }
}
