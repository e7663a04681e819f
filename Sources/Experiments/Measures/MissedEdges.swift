public import Evaluation
public import Reports

extension EvaluationMeasure {
  /// What edges outside of the circuit may do; only when it is named, since it takes many runs.
  public static let missed = EvaluationMeasure(
    "missed",
    "a bound on what edges outside of the circuit do, from random sets of them; when named"
  ) { _ in
    { run in
      guard run.isNamed else { return nil }
      return run.evaluation.missedEffects(
        outsideOf: run.source.circuit, sets: MissedEffects.setsPerDraw * run.draws, seed: run.seed,
        progress: run.listener.progress)
    }
  }
}

extension MissedEffects {
  /// Sets that are ablated for each of the draws of other measures: a single one says little.
  static let setsPerDraw = 20
}

extension MissedEffects: Finding {
  /// The key in `evaluation.json`.
  public static let key = "missed"

  /// The bound, and the edges that certainly do something.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    guard !edges.isEmpty else { return "no edge is outside of the circuit" }
    let shown = certain.prefix(page.rows)
    var table = TextTable(["edge outside": .left, "effect": .right, "±": .right])
    for missed in shown {
      table.add("\(missed.edge)", Numbers.signed(missed.estimate), Numbers.short(missed.margin))
    }
    let unseen =
      unseenCount > 0
      ? "; nothing is said of \(Numbers.count(unseenCount, "edge")) that none of them or all had"
      : ""
    let bound = """
      outside of the circuit no edge by itself changes \(report.metric) by more than \(Numbers.short(self.bound)), with \
      \(Numbers.percent(confidence)) confidence if effects add up; by \(Numbers.count(setCount)) random sets, each of \
      \(Numbers.percent(share)) of \(Numbers.count(edges.count)) edges\(unseen)
      """
    return certain.isEmpty
      ? bound
      : """
      \(bound)
      \(Numbers.count(certain.count, "edge")) outside certainly \(certain.count == 1 ? "does" : "do") something:
      \(table.text(on: page))
      """
  }

  /// Every edge outside.
  public func files(in report: EvaluationReport) -> [String: String] {
    [
      "missed.csv": csv(
        ["edge", "estimate", "margin"],
        edges.map {
          ["\($0.edge)", Numbers.exact($0.estimate), Numbers.exact($0.margin)]
        })
    ]
  }

  private struct Record: Encodable {
    struct Edge: Encodable {
      let edge: String
      let estimate: Double
      let margin: Double?
    }

    let bound: Double?
    let confidence: Double
    let sets: Int
    let unseen: Int
    let certain: [Edge]
  }

  /// The bound, and the edges that certainly do something.
  public func json(in report: EvaluationReport) -> any Encodable {
    Record(
      bound: finite(bound), confidence: confidence, sets: setCount,
      unseen: unseenCount,
      certain: certain.map {
        Record.Edge(edge: "\($0.edge)", estimate: $0.estimate, margin: finite($0.margin))
      })
  }
}
