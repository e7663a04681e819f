import Engine
import Evaluation
import Files
import Foundation
import Graphs
import Methods
import Models
public import Reports
import Tasks

/// Runs the parts of an evaluation, one after another.
struct Measuring {
  private let found: EvaluationSource
  private let scheme: AblationScheme
  private let evaluation: CircuitEvaluation
  private let listener: ExperimentListener
  private let draws: Int
  private let named: [EvaluationMeasure]
  private let measures: [EvaluationMeasure]
  private let truth: Circuit?
  private let others: EdgeScores?
  /// Where the random choices of all measures start.
  private let seed: UInt64 = 0

  /// Makes sure that everything that was asked for can be measured, before any long run.
  ///
  /// - Throws: ``ExperimentError`` when a measure that was named needs what the source does not have.
  init(_ found: EvaluationSource, _ listener: ExperimentListener) throws {
    let plan = found.plan
    self.found = found
    scheme = found.scheme
    evaluation = CircuitEvaluation(model: found.model, task: found.task, scheme: scheme)
    self.listener = listener
    draws = plan.draws
    named = plan.measures ?? []
    measures = named.isEmpty ? EvaluationMeasure.allCases : named
    let needsScores =
      named.contains(.curve)
      ? "The measure curve" : plan.against.map { _ in "--against" }
    if let needsScores, found.scores == nil {
      throw ExperimentError("\(needsScores) needs scores, and the source has a circuit only.")
    }
    if named.contains(.stability) {
      guard found.run != nil else {
        throw ExperimentError(
          "The measure stability needs the directory of a run, which says how the circuit was found."
        )
      }
      guard found.task.pairs.count > 1 else {
        throw ExperimentError("The measure stability needs more than one prompt pair.")
      }
    }
    truth = try plan.truth.map { path in
      if let known = try Self.known(path, found, found.scheme.ablation) { return known }
      guard let truth = try Self.read(path, found).circuit else {
        throw ExperimentError(
          "\(path): expected a circuit as --truth, and the file has scores only.")
      }
      return truth
    }
    others = try plan.against.map { path in
      guard let scores = try Self.read(path, found).scores else {
        throw ExperimentError(
          "\(path): expected scores for --against, and the file has a circuit only.")
      }
      return scores
    }
  }

  /// The circuit that is known of a planted model or a compiled program; nil for other paths.
  private static func known(
    _ path: String, _ found: EvaluationSource, _ ablation: Ablation
  ) throws -> Circuit? {
    guard PlantedCircuits.names.contains(path) || CompiledProgram.isThere(URL(path: path))
    else {
      return nil
    }
    let truth = try ModelReference(path).load().known?.truth(for: ablation)
    guard let truth else {
      throw ExperimentError(
        "\(path): its circuit is not known for \(ablation) ablation; choose another --ablation.")
    }
    guard truth.graph == found.circuit.graph else {
      throw ExperimentError("\(path): its circuit is of another model than \(found.model.name).")
    }
    return truth
  }

  /// Another circuit or scores of the same model: a file, or a run's directory.
  private static func read(
    _ path: String, _ found: EvaluationSource
  ) throws -> CircuitFile.Contents {
    let contents = try CircuitSource.contents(URL(path: path), found.model)
    guard contents.graph == found.circuit.graph else {
      throw ExperimentError(
        "\(path): it groups keys and values in another way than the circuit does.")
    }
    return contents
  }

  /// Measures what was asked for.
  ///
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  func report() throws -> EvaluationReport {
    let (circuit, task) = (found.circuit, found.task)
    var report = EvaluationReport(
      heading: heading, circuit: circuit, metric: task.metric.name)
    task.warnings(about: found.model, task.accuracy(of: found.model)).forEach(listener.note)
    if let note = task.note(about: found.scheme.ablation) { listener.note(note) }
    let metrics =
      [task.metric] + Metrics.all.filter { task.allows($0) && $0.name != task.metric.name }
    let measured = evaluation.faithfulness(of: [circuit], by: metrics, progress: listener.progress)[
      0]
    try measured.forEach { try $0.requireNumbers(of: found.model, on: found.task) }
    if let warning = measured[0].warning { listener.note(warning) }
    report.metrics = zip(metrics, measured).map { ($0.name, $1) }
    report.isAblated = scheme.part == .circuit
    if measures.contains(.random) {
      report.random = evaluation.randomBaseline(
        like: circuit, count: draws, seed: seed, progress: listener.progress)
    }
    if measures.contains(.curve), let scores = found.scores {
      let rankings: [EdgeScores.Ranking] = [.signed, .magnitude]
      let curves = evaluation.curves(
        of: scores, by: rankings, order: found.selection.order, progress: listener.progress)
      report.curves = zip(rankings, curves).map { ($0, $1) }
    }
    if measures.contains(.completeness) {
      report.completeness = evaluation.completeness(
        of: circuit, halves: draws, seed: seed, progress: listener.progress)
    }
    if measures.contains(.minimality) {
      report.minimality = evaluation.minimality(of: circuit, progress: listener.progress)
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
      \(pruned.nodeCountText)
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
      ablation: run.plan.ablation)
    let entry = run.plan.method.method
    let options: MethodOptions
    do {
      options = try run.methodOptions(problem.graph, found.model)
    } catch  where !isNamed {
      listener.note("note: stability is left out: \(error)")
      return nil
    }
    // What takes many passes is done again for every prompt only when it is asked for.
    guard isNamed || entry.passes(options, problem).forward <= 50 else { return nil }
    let parts = try entry.make(options).promptScores(
      for: problem, groups: groups(of: task.pairs.count),
      run: MethodRun(progress: listener.progress))
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

extension EvaluationSource {
  /// Measures the circuit.
  ///
  /// - Parameter listener: Is told how it goes on.
  /// - Returns: Everything that was measured.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func evaluate(
    telling listener: ExperimentListener = ExperimentListener()
  ) throws -> EvaluationReport {
    try Measuring(self, listener).report()
  }
}
