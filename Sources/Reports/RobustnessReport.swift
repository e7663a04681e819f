public import Evaluation

extension Robustness {
  /// The faithfulness under every choice, a column for each metric, and the spread.
  ///
  /// A dash where full model and empty circuit do not differ.
  public var table: TextTable {
    var table = TextTable(
      columns: [("ablated", .left), ("by", .left), ("at", .left)]
        + metrics.map { (Self.heading($0), .right) })
    for row in rows {
      table.add(
        cells: row.scheme.labels
          + row.faithfulness.map { Numbers.percent($0.value) })
    }
    for (name, share) in [("lowest", 0.0), ("median", 0.5), ("highest", 1.0)] {
      table.add(
        cells: [name, "", ""]
          + metrics.indices.map { Numbers.percent(spread(ofMetric: $0).quantile(share)) })
    }
    return table
  }

  /// A metric's name, short enough for five beside each other.
  private static func heading(_ metric: String) -> String {
    metric.replacing("probability", with: "prob").replacing("difference", with: "diff")
  }

  /// A sentence on how far the choice of method moves the score, metric by metric.
  public var conclusion: String {
    metrics.indices.map { index in
      let spread = spread(ofMetric: index)
      let points = 100 * (spread.quantile(1) - spread.quantile(0))
      return "\(metrics[index]) \(Numbers.fixed(points, 1))"
    }.joined(separator: ", ")
  }

  /// Every choice and metric as CSV: faithfulness and the means that it is made of.
  public var csvText: String {
    csv(
      [
        "granularity", "ablation", "positions", "metric", "full", "circuit", "empty",
        "faithfulness", "recovered_25", "recovered_50", "recovered_75",
      ],
      rows.flatMap { row in
        zip(metrics, row.faithfulness).map { metric, found in
          let numbers =
            [found.full.mean, found.circuit.mean, found.empty.mean, found.value]
            + [0.25, 0.5, 0.75].map { found.recovered.quantile($0) }
          return row.scheme.labels.map { $0.replacing(",", with: " ") } + [metric]
            + numbers.map { Numbers.exact($0) }
        }
      })
  }
}
