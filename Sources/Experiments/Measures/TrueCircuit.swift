import Engine
public import Evaluation
import Files
import Foundation
import Graphs
public import Reports
import Tasks

extension EvaluationMeasure {
  /// The circuit and its scores against a true circuit.
  static let truth = EvaluationMeasure("truth", "precision, recall, IoU and AUC") { source in
    guard let path = source.plan.truth else { return nil }
    let truth = try known(path, source) ?? circuit(path, source)
    return { _ in
      TrueCircuit(
        overlap: CircuitOverlap(of: source.circuit, with: truth),
        recovery: source.scores.map { scores in
          RecoveryCurve.Level.allCases.map {
            (
              $0,
              RecoveryCurve(of: scores, truth: truth, ranking: source.selection.ranking, level: $0)
            )
          }
        })
    }
  }

  /// The circuit that is known of a planted model or a compiled program; nil for other paths.
  private static func known(_ path: String, _ source: EvaluationSource) throws -> Circuit? {
    guard PlantedCircuits.names.contains(path) || CompiledProgram.isThere(URL(path: path))
    else {
      return nil
    }
    let ablation = source.scheme.ablation
    let truth = try ModelReference(path).load().known?.truth(for: ablation)
    guard let truth else {
      throw ExperimentError(
        "\(path): its circuit is not known for \(ablation) ablation; choose another --ablation.")
    }
    guard truth.graph == source.circuit.graph else {
      throw ExperimentError("\(path): its circuit is of another model than \(source.model.name).")
    }
    return truth
  }

  private static func circuit(_ path: String, _ source: EvaluationSource) throws -> Circuit {
    guard let circuit = try source.contents(ofOther: path).circuit else {
      throw ExperimentError(
        "\(path): expected a circuit as --truth, and the file has scores only.")
    }
    return circuit
  }
}

/// A circuit and its scores against a true circuit.
public struct TrueCircuit: Sendable {
  /// What both have.
  public let overlap: CircuitOverlap
  /// The scores as a ranking, by edges and by nodes; nil without scores.
  public let recovery: [(level: RecoveryCurve.Level, curve: RecoveryCurve)]?

  /// Takes what was measured.
  public init(
    overlap: CircuitOverlap, recovery: [(level: RecoveryCurve.Level, curve: RecoveryCurve)]? = nil
  ) {
    self.overlap = overlap
    self.recovery = recovery
  }

  /// What was counted at each level, with the curve where there is one.
  private var levels:
    [(level: RecoveryCurve.Level, counts: CircuitOverlap.Counts, curve: RecoveryCurve?)]
  {
    [(RecoveryCurve.Level.edges, overlap.edges), (.nodes, overlap.nodes)].map { level, counts in
      (level, counts, recovery?.first { $0.level == level }?.curve)
    }
  }
}

extension TrueCircuit: Finding {
  /// The key in `evaluation.json`.
  public static let key = "truth"

  /// Precision, recall and areas, by edges and by nodes.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    var table = TextTable([
      "truth": .left, "found": .right, "true": .right, "both": .right,
      "precision": .right, "recall": .right, "IoU": .right, "AUC staircase": .right,
      "trapezoids": .right,
    ])
    for (level, counts, curve) in levels {
      table.add(
        level.rawValue, Numbers.count(counts.found), Numbers.count(counts.truth),
        Numbers.count(counts.both), Numbers.percent(counts.precision),
        Numbers.percent(counts.recall), Numbers.percent(counts.jaccard),
        Numbers.fixed(curve?.area(.pessimistic) ?? .nan),
        Numbers.fixed(curve?.area(.trapezoid) ?? .nan))
    }
    return table.text(on: page)
  }

  /// The ROC curves and a plot of them.
  public func files(in report: EvaluationReport) -> [String: String] {
    guard let recovery else { return [:] }
    let rows = recovery.flatMap { level, curve in
      curve.points.map {
        [level.rawValue, Numbers.exact($0.falsePositiveRate), Numbers.exact($0.truePositiveRate)]
      }
    }
    let plot = LinePlot.recovery(
      "Recovery of the true circuit", caption: report.caption(),
      recovery.map { ("\($0.rawValue), AUC \(Numbers.fixed($1.area(.trapezoid) ?? .nan))", $1) })
    return plot.figure.files(named: "roc").merging([
      "roc.csv": csv(["level", "false_positive_rate", "true_positive_rate"], rows)
    ]) { $1 }
  }

  private struct Record: Encodable {
    let level: String
    let found: Int
    let truth: Int
    let both: Int
    let precision: Double?
    let recall: Double?
    let intersectionOverUnion: Double
    let aucPessimistic: Double?
    let aucTrapezoid: Double?
    /// Pairs of false and true positive rates.
    let roc: [[Double]]?
  }

  /// Counts, shares and areas, by edges and by nodes.
  public func json(in report: EvaluationReport) -> any Encodable {
    levels.map { level, counts, curve in
      Record(
        level: level.rawValue, found: counts.found, truth: counts.truth, both: counts.both,
        precision: finite(counts.precision), recall: finite(counts.recall),
        intersectionOverUnion: counts.jaccard, aucPessimistic: curve?.area(.pessimistic),
        aucTrapezoid: curve?.area(.trapezoid),
        roc: curve?.points.map { [$0.falsePositiveRate, $0.truePositiveRate] })
    }
  }
}
