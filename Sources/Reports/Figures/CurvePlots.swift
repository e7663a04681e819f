package import Evaluation

extension LinePlot {
  /// Faithfulness over the size of circuits, 0.1 % to all edges, with lines at 100 % and 85 %.
  ///
  /// The axis covers all points from −500 % to 1000 %; whiskers alone stretch it to −200 % and 300 %.
  /// What lies beyond is marked.
  package static func faithfulness(
    _ title: String, caption: String = "", _ series: [Series]
  ) -> LinePlot {
    let points = series.flatMap(\.points)
    let heights = points.map(\.y).map { min(max($0, -5), 10) }
    let whiskers = points.compactMap(\.range).flatMap { [$0.lowerBound, $0.upperBound] }.map {
      min(max($0, -2), 3)
    }
    let low = (heights + whiskers).min().map { min($0, 0) } ?? 0
    let high = (heights + whiskers).max().map { max($0, 1) } ?? 1
    let step = [0.25, 0.5, 1].first { (high - low) / $0 <= 8 } ?? 2
    let bottom = (low / step).rounded(.down) * step
    let top = (high / step).rounded(.up) * step
    return LinePlot(
      title, caption: caption,
      x: LinePlot.Axis(
        "share of edges", 0.001...1,
        ticks: [(0.001, "0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (1, "100 %")],
        isLogarithmic: true, notation: Numbers.percent),
      y: LinePlot.Axis(
        "faithfulness", bottom...top, ticks: shares(from: bottom, through: top, by: step),
        notation: Numbers.percent),
      series: series, references: [Reference(1, "100 %"), Reference(0.85, "85 %")])
  }

  /// True positives over false positives.
  package static func recovery(
    _ title: String, caption: String = "", _ curves: [(name: String, curve: RecoveryCurve)]
  ) -> LinePlot {
    let ticks = shares(from: 0, through: 1, by: 0.25)
    return LinePlot(
      title, caption: caption,
      x: LinePlot.Axis("false positives", 0...1, ticks: ticks, notation: Numbers.percent),
      y: LinePlot.Axis("true positives", 0...1, ticks: ticks, notation: Numbers.percent),
      series: curves.map { name, curve in
        LinePlot.Series(
          name, curve.points.map { LinePlot.Point($0.falsePositiveRate, $0.truePositiveRate) })
      } + [
        LinePlot.Series(
          "chance", [LinePlot.Point(0, 0), LinePlot.Point(1, 1)], isDashed: true)
      ])
  }

  /// Which share of the best edges is found, over patches, a line for each strategy.
  package static func recall(
    _ title: String, caption: String = "", _ curves: [RecallCurve]
  ) -> LinePlot {
    let counts = curves.first?.points.map(\.patches) ?? []
    let most = max(counts.last ?? 1, 1)
    return LinePlot(
      title, caption: caption,
      x: LinePlot.Axis(
        "edges patched", 0...Double(most),
        ticks: [0, most / 4, most / 2, most * 3 / 4, most].map {
          (Double($0), Numbers.count($0))
        }, notation: Numbers.short),
      y: LinePlot.Axis(
        "recall of the best edges", 0...1, ticks: shares(from: 0, through: 1, by: 0.25),
        notation: Numbers.percent),
      series: curves.map { curve in
        LinePlot.Series(
          curve.strategy, curve.points.map { LinePlot.Point(Double($0.patches), $0.recall) })
      })
  }

  private static func shares(
    from start: Double, through end: Double, by step: Double
  ) -> [(place: Double, label: String)] {
    stride(from: start, through: end, by: step).map { ($0, "\(Numbers.fixed(100 * $0, 0)) %") }
  }
}
