import Engine
import Tasks
import Evaluation
import Files
import Graphs
public import Reports

/// What `evaluation.json` says: what was run and everything that was measured.
public struct EvaluationRecord: Encodable {
  /// A mean over prompts; NaN and infinite values are left out.
  struct Measured: Encodable {
    let metric: String
    let full: Double?
    let circuit: Double?
    let standardError: Double?
    let empty: Double?
    let faithfulness: Double?
    /// Quantiles over prompts of each one's own faithfulness.
    let recovered: [String: Double]

    init(_ metric: String, _ found: Faithfulness) {
      self.metric = metric
      full = finite(found.full.mean)
      circuit = finite(found.circuit.mean)
      standardError = found.circuit.standardError
      empty = finite(found.empty.mean)
      faithfulness = finite(found.value)
      let shares = [("10 %", 0.1), ("25 %", 0.25), ("50 %", 0.5), ("75 %", 0.75), ("90 %", 0.9)]
      recovered = Dictionary(
        uniqueKeysWithValues: shares.compactMap { name, share in
          finite(found.recovered.quantile(share)).map { (name, $0) }
        })
    }
  }

  struct Curve: Encodable {
    struct Point: Encodable {
      let fraction: Double
      let edges: Int
      let edgesOnPaths: Int
      let measured: Measured
    }

    let ranking: String
    let points: [Point]
    /// Areas by axis and scale: `nominal linear` is MIB's.
    let area: [String: Double]
    let distance: [String: Double]

    init(_ ranking: EdgeScores.Ranking, _ curve: FaithfulnessCurve, metric: String) {
      self.ranking = ranking.rawValue
      points = curve.points.map {
        Point(
          fraction: $0.fraction, edges: $0.edgeCount, edgesOnPaths: $0.prunedEdgeCount,
          measured: Measured(metric, $0.faithfulness))
      }
      let areas = { (area: (FaithfulnessCurve.Axis, FaithfulnessCurve.Scale) -> Double) in
        Dictionary(
          uniqueKeysWithValues: FaithfulnessCurve.Axis.allCases.flatMap { axis in
            FaithfulnessCurve.Scale.allCases.compactMap { scale in
              finite(area(axis, scale)).map { ("\(axis.rawValue) \(scale.rawValue)", $0) }
            }
          })
      }
      area = areas(curve.area)
      distance = areas(curve.distance)
    }
  }

  struct Knockouts: Encodable {
    struct Half: Encodable {
      let parts: Int
      let circuit: Double?
      let model: Double?
    }

    let withoutCircuit: Measured
    let incompleteness: Double?
    let halves: [Half]
  }

  struct Part: Encodable {
    let part: String
    let effect: Double?
    let standardError: Double?
  }

  struct Comparison: Encodable {
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

  let version = edgewiseVersion
  let source: String
  let heading: [String]
  let model: String
  let task: String
  let prompts: Int
  let metric: String
  /// What was ablated: granularity, ablation, positions, part.
  let scheme: [String]
  let edges: Int
  let metrics: [Measured]
  let caveats: [String]
  let random: [Double]?
  let curves: [Curve]?
  let completeness: Knockouts?
  let minimality: [Part]?
  let stability: [String: Double]?
  let truth: [Comparison]?
  let agreement: [String: Double]?
  let seconds: Double

  /// Takes what was run and what came out.
  public init(_ found: EvaluationSource, _ report: EvaluationReport, seconds: Double) {
    let scheme = found.scheme
    self.seconds = seconds
    source = found.plan.source
    heading = report.heading
    model = found.model.name
    task = found.taskDescription
    prompts = found.task.pairs.count
    metric = found.task.metric.name
    self.scheme = scheme.labels + [scheme.part.rawValue]
    edges = report.circuit.edgeCount
    metrics = report.metrics.map { Measured($0.name, $0.faithfulness) }
    caveats = report.caveats.map(\.description)
    random = report.random?.circuits.compactMap { finite($0.value) }
    curves = report.curves?.map { Curve($0.ranking, $0.curve, metric: report.metric) }
    completeness = report.completeness.map {
      Knockouts(
        withoutCircuit: Measured(report.metric, $0.withoutCircuit),
        incompleteness: finite($0.incompleteness),
        halves: $0.halves.map {
          Knockouts.Half(
            parts: $0.partCount, circuit: finite($0.circuit.mean), model: finite($0.model.mean))
        })
    }
    minimality = report.minimality?.map {
      Part(
        part: $0.part, effect: finite($0.effect.mean), standardError: $0.effect.standardError)
    }
    stability = report.stability.map { found in
      [
        "jaccard": found.jaccard.mean, "jaccard, lowest": found.jaccard.quantile(0),
        "rank correlation": found.rankCorrelation.mean,
        "rank correlation, lowest": found.rankCorrelation.quantile(0),
      ].compactMapValues(finite)
    }
    truth = report.overlap.map { overlap in
      [(RecoveryCurve.Level.edges, overlap.edges), (.nodes, overlap.nodes)].map { level, counts in
        let curve = report.recovery?.first { $0.level == level }?.curve
        return Comparison(
          level: level.rawValue, found: counts.found, truth: counts.truth, both: counts.both,
          precision: finite(counts.precision), recall: finite(counts.recall),
          intersectionOverUnion: counts.jaccard, aucPessimistic: curve?.area(.pessimistic),
          aucTrapezoid: curve?.area(.trapezoid),
          roc: curve?.points.map { [$0.falsePositiveRate, $0.truePositiveRate] })
      }
    }
    agreement = report.agreement.map { found in
      let overlaps = [10, 100, 1000].filter { $0 < report.circuit.graph.edgeCount }.map {
        ("overlap at \($0)", found.overlap(at: $0))
      }
      return Dictionary(uniqueKeysWithValues: [("spearman", found.spearman)] + overlaps)
        .compactMapValues { $0.flatMap(finite) }
    }
  }
}

extension EvaluationRecord {
  /// The record as JSON with sorted keys.
  public func json() throws -> String { try sortedJSON(self) }
}
