import Evaluation
import Graphs

extension EvaluationReport {
  /// Tables as CSV and plots as SVG and PDF, by file name, for the parts that were measured.
  public var files: [String: String] {
    var files = ["metrics.csv": metricsCSV]
    if let curves {
      files["curve.csv"] = curveCSV(curves)
      let figure = curvePlot(curves).figure
      files["curve.svg"] = figure.svg
      files["curve.pdf"] = figure.pdf
    }
    if minimality != nil { files["minimality.csv"] = minimalityCSV }
    if let completeness { files["completeness.csv"] = completenessCSV(completeness) }
    if let recovery {
      files["roc.csv"] = rocCSV(recovery)
      let figure = rocPlot(recovery).figure
      files["roc.svg"] = figure.svg
      files["roc.pdf"] = figure.pdf
    }
    return files
  }

  private var metricsCSV: String {
    csv(
      [
        "metric", "full", "circuit", "circuit_standard_error", "empty", "faithfulness",
        "recovered_10", "recovered_50", "recovered_90",
      ],
      metrics.map { name, found in
        [
          name, Numbers.exact(found.full.mean), Numbers.exact(found.circuit.mean),
          Numbers.exact(found.circuit.standardError), Numbers.exact(found.empty.mean),
          Numbers.exact(found.value),
        ] + [0.1, 0.5, 0.9].map { Numbers.exact(found.recovered.quantile($0)) }
      })
  }

  private func curveCSV(
    _ curves: [(ranking: EdgeScores.Ranking, curve: FaithfulnessCurve)]
  ) -> String {
    csv(
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

  private func curvePlot(
    _ curves: [(ranking: EdgeScores.Ranking, curve: FaithfulnessCurve)]
  ) -> LinePlot {
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
    let share = Double(circuit.edgeCount) / Double(circuit.graph.edgeCount)
    if let own = metrics.first?.faithfulness.value {
      series.append(LinePlot.Series("the circuit", [LinePlot.Point(share, own)]))
    }
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
      "Faithfulness over circuit size, \(metric)", caption: caption(note), series)
  }

  private var minimalityCSV: String {
    csv(
      ["part", "effect", "standard_error"],
      contributions.map {
        [$0.part, Numbers.exact($0.effect.mean), Numbers.exact($0.effect.standardError)]
      })
  }

  private func completenessCSV(_ found: Completeness) -> String {
    csv(
      ["knockout", "parts", "circuit_\(metric)", "model_\(metric)"],
      ([("whole circuit", found.whole)] + found.halves.map { ("random half", $0) }).map {
        name, knockout in
        [
          name, "\(knockout.partCount)", Numbers.exact(knockout.circuit.mean),
          Numbers.exact(knockout.model.mean),
        ]
      })
  }

  private func rocCSV(_ curves: [(level: RecoveryCurve.Level, curve: RecoveryCurve)]) -> String {
    csv(
      ["level", "false_positive_rate", "true_positive_rate"],
      curves.flatMap { level, curve in
        curve.points.map {
          [level.rawValue, Numbers.exact($0.falsePositiveRate), Numbers.exact($0.truePositiveRate)]
        }
      })
  }

  /// Model, circuit and prompts, as figures say them, and what their marks mean.
  private func caption(_ note: String...) -> String {
    (heading + note).joined(separator: "\n")
  }

  private func rocPlot(
    _ curves: [(level: RecoveryCurve.Level, curve: RecoveryCurve)]
  ) -> LinePlot {
    .recovery(
      "Recovery of the true circuit", caption: caption(),
      curves.map { ("\($0.rawValue), AUC \(Numbers.fixed($1.area(.trapezoid) ?? .nan))", $1) })
  }
}
