public import Evaluation
public import Reports

extension EvaluationMeasure {
  /// What each part of the circuit adds.
  public static let minimality = EvaluationMeasure(
    "minimality", "what the circuit loses without each of its edges"
  ) { _ in
    { run in
      Contributions(
        run.evaluation.minimality(of: run.source.circuit, progress: run.listener.progress))
    }
  }
}

/// What each part of a circuit adds, in canonical order.
public struct Contributions: Sendable {
  /// The parts with their effects.
  public let parts: [Contribution]

  /// Takes what was measured.
  public init(_ parts: [Contribution]) { self.parts = parts }

  /// The largest effects first; equal ones in canonical order.
  private var ranked: [Contribution] {
    parts.enumerated().sorted { one, other in
      (abs(other.element.effect.mean), one.offset) < (abs(one.element.effect.mean), other.offset)
    }.map(\.element)
  }
}

extension Contributions: Finding {
  /// The key in `evaluation.json`.
  public static let key = "minimality"

  /// The largest effects, and how many are small.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    var table = TextTable([
      "without": .left, "\(report.metric) falls by": .right, "± s.e.": .right,
    ])
    for found in ranked.prefix(page.rows) {
      table.add(
        found.part, Numbers.signed(found.effect.mean),
        found.effect.standardError.map { Numbers.fixed($0, 4) } ?? "–")
    }
    let idle = idleCount(in: report).map { "\(Numbers.count($0)) of \(Numbers.count(parts.count))" }
    return table.text(on: page)
      + "\n\(idle ?? "0") change it by less than 1 % of what full and empty differ by"
  }

  /// How many edges change the metric by less than a hundredth of `m(M) − m(∅)`.
  private func idleCount(in report: EvaluationReport) -> Int? {
    report.metrics.first.map { first in
      let scale = abs(first.faithfulness.full.mean - first.faithfulness.empty.mean)
      return parts.count { abs($0.effect.mean) < 0.01 * scale }
    }
  }

  /// Every effect, the largest first.
  public func files(in report: EvaluationReport) -> [String: String] {
    [
      "minimality.csv": csv(
        ["part", "effect", "standard_error"],
        ranked.map {
          [$0.part, Numbers.exact($0.effect.mean), Numbers.exact($0.effect.standardError)]
        })
    ]
  }

  private struct Record: Encodable {
    let part: String
    let effect: Double?
    let standardError: Double?
  }

  /// Every effect, in canonical order.
  public func json(in report: EvaluationReport) -> any Encodable {
    parts.map {
      Record(
        part: $0.part, effect: finite($0.effect.mean), standardError: $0.effect.standardError)
    }
  }
}
