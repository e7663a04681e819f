public import Evaluation
public import Graphs
public import Reports

extension EvaluationMeasure {
  /// Faithfulness over sizes.
  public static let curve = EvaluationMeasure(
    "curve", "faithfulness over sizes, with MIB's CPR and CMD"
  ) { source in
    guard let scores = source.scores else {
      throw ExperimentError("The measure curve needs scores, and the source has a circuit only.")
    }
    return { run in
      let rankings: [EdgeScores.Ranking] = [.signed, .magnitude]
      let curves = run.evaluation.curves(
        of: scores, by: rankings, order: run.source.selection.order,
        progress: run.listener.progress)
      return RankedCurves(Array(zip(rankings, curves)))
    }
  }
}

/// Faithfulness over sizes, a curve for each way to rank edges.
public struct RankedCurves: Sendable {
  /// The curves, with what edges rank by.
  public let curves: [(ranking: EdgeScores.Ranking, curve: FaithfulnessCurve)]

  /// Takes what was measured.
  public init(_ curves: [(ranking: EdgeScores.Ranking, curve: FaithfulnessCurve)]) {
    self.curves = curves
  }
}

extension RankedCurves: Finding {
  /// The key in `evaluation.json`.
  public static let key = "curves"

  /// The table of points and the areas.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    let bootstrap = Bootstrap()
    return curves.reduce(table(report.metric).text(on: page)) { text, found in
      let (ranking, curve) = found
      return text
        + (ranking == .signed
          ? "\nsigned: CPR \(areas(curve.area))" + interval(bootstrap.area(of: curve))
          : "\nmagnitude: CMD \(areas(curve.distance))" + interval(bootstrap.distance(of: curve)))
    }
  }

  private func areas(
    _ area: (FaithfulnessCurve.Axis, FaithfulnessCurve.Scale) -> Double
  ) -> String {
    """
    \(Numbers.fixed(area(.nominal, .linear))) (realised sizes \
    \(Numbers.fixed(area(.realised, .linear))), log axis \
    \(Numbers.fixed(area(.nominal, .logarithmic))))
    """
  }

  /// How sure an area is.
  private func interval(_ drawn: Bootstrap.Distribution?) -> String {
    drawn?.interval.map {
      "\n  on resampled prompts, 95 %: \(Numbers.fixed($0.lowerBound)) to \(Numbers.fixed($0.upperBound))"
    } ?? ""
  }

  private func table(_ metric: String) -> TextTable {
    var table = TextTable([
      "ranked by": .left, "edges": .right, "share": .right, "on paths": .right, metric: .right,
      "± s.e.": .right, "faithful": .right, "median": .right,
    ])
    for (ranking, curve) in curves {
      for point in curve.points {
        let found = point.faithfulness
        table.add(
          ranking.rawValue, Numbers.count(point.edgeCount), Numbers.percent(point.fraction),
          Numbers.count(point.prunedEdgeCount), Numbers.short(found.circuit.mean),
          found.circuit.standardError.map(Numbers.short) ?? "–",
          Numbers.percent(found.value), Numbers.percent(found.recovered.quantile(0.5)))
      }
    }
    return table
  }

  /// The points, and a plot of them.
  public func files(in report: EvaluationReport) -> [String: String] {
    plot(report).figure.files(named: "curve").merging(["curve.csv": csv(report.metric)]) { $1 }
  }

  private func csv(_ metric: String) -> String {
    Reports.csv(
      [
        "ranking", "fraction", "edges", "edges_on_paths", metric, "standard_error", "faithfulness",
        "recovered_25", "recovered_50", "recovered_75",
      ],
      curves.flatMap { ranking, curve in
        curve.points.map { point in
          let found = point.faithfulness
          return [
            ranking.rawValue, Numbers.exact(point.fraction), "\(point.edgeCount)",
            "\(point.prunedEdgeCount)", Numbers.exact(found.circuit.mean),
            Numbers.exact(found.circuit.standardError), Numbers.exact(found.value),
          ] + [0.25, 0.5, 0.75].map { Numbers.exact(found.recovered.quantile($0)) }
        }
      })
  }

  /// The curves, the circuit itself, and random circuits where there are some.
  private func plot(_ report: EvaluationReport) -> LinePlot {
    var series = curves.map { ranking, curve in
      LinePlot.Series(
        ranking.rawValue,
        curve.points.map { point in
          let recovered = point.faithfulness.recovered
          let (low, high) = (recovered.quantile(0.25), recovered.quantile(0.75))
          return LinePlot.Point(
            point.fraction, point.faithfulness.value,
            range: low.isFinite && high.isFinite ? low...high : nil)
        })
    }
    let share = Double(report.circuit.edgeCount) / Double(report.circuit.graph.edgeCount)
    if let own = report.metrics.first?.faithfulness.value {
      series.append(LinePlot.Series("the circuit", [LinePlot.Point(share, own)]))
    }
    let random = report.found(RandomBaseline.self)
    if let random, random.values.values.allSatisfy(\.isFinite) {
      series.append(
        LinePlot.Series(
          "random circuits like this one",
          [
            LinePlot.Point(
              share, random.values.mean,
              range: random.values.quantile(0)...random.values.quantile(1))
          ]))
    }
    let note = """
      whiskers: the middle half of the prompts\(random == nil ? "" : ", of random circuits all of them"); \
      lines are moved sideways to show them
      """
    return .faithfulness(
      "Faithfulness over circuit size, \(report.metric)", caption: report.caption(note), series)
  }

  private struct Record: Encodable {
    struct Point: Encodable {
      let fraction: Double
      let edges: Int
      let edgesOnPaths: Int
      let measured: MeasuredMetric
    }

    let ranking: String
    let points: [Point]
    /// Areas by axis and scale: `nominal linear` is MIB's.
    let area: [String: Double]
    let distance: [String: Double]
  }

  /// The points and areas of each curve.
  public func json(in report: EvaluationReport) -> any Encodable {
    curves.map { ranking, curve in
      Record(
        ranking: ranking.rawValue,
        points: curve.points.map {
          Record.Point(
            fraction: $0.fraction, edges: $0.edgeCount, edgesOnPaths: $0.prunedEdgeCount,
            measured: MeasuredMetric(report.metric, $0.faithfulness))
        },
        area: named(curve.area), distance: named(curve.distance))
    }
  }

  private func named(
    _ area: (FaithfulnessCurve.Axis, FaithfulnessCurve.Scale) -> Double
  ) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: FaithfulnessCurve.Axis.allCases.flatMap { axis in
        FaithfulnessCurve.Scale.allCases.compactMap { scale in
          finite(area(axis, scale)).map { ("\(axis.rawValue) \(scale.rawValue)", $0) }
        }
      })
  }
}
