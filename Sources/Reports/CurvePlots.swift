import Evaluation

extension LinePlot {
  /// Faithfulness over the size of circuits, 0.1 % to all edges.
  static func faithfulness(_ title: String, _ series: [Series]) -> LinePlot {
    let heights = series.flatMap(\.points).flatMap { point in
      [point.y] + (point.range.map { [$0.lowerBound, $0.upperBound] } ?? [])
    }
    let (low, high) = (min(heights.min() ?? 0, 0), max(heights.max() ?? 1, 1))
    let bottom = (max(low, -2) * 4).rounded(.down) / 4
    let top = (min(high, 3) * 4).rounded(.up) / 4
    return LinePlot(
      title,
      x: LinePlot.Axis(
        "share of edges", 0.001...1,
        ticks: [(0.001, "0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (1, "100 %")],
        isLogarithmic: true),
      y: LinePlot.Axis(
        "faithfulness", bottom...top, ticks: shares(from: bottom, through: top)), series: series)
  }

  /// True positives over false positives.
  static func recovery(
    _ title: String, _ curves: [(name: String, curve: RecoveryCurve)]
  ) -> LinePlot {
    let ticks = shares(from: 0, through: 1)
    return LinePlot(
      title, x: LinePlot.Axis("false positives", 0...1, ticks: ticks),
      y: LinePlot.Axis("true positives", 0...1, ticks: ticks),
      series: curves.map { name, curve in
        LinePlot.Series(
          name, curve.points.map { LinePlot.Point($0.falsePositiveRate, $0.truePositiveRate) })
      } + [
        LinePlot.Series(
          "chance", [LinePlot.Point(0, 0), LinePlot.Point(1, 1)], isDashed: true)
      ], legend: .bottomRight)
  }

  private static func shares(
    from start: Double, through end: Double
  ) -> [(place: Double, label: String)] {
    stride(from: start, through: end, by: 0.25).map { ($0, "\(Numbers.fixed(100 * $0, 0)) %") }
  }
}
