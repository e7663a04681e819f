import Engine
public import Evaluation
public import Reports

extension EvaluationMeasure {
  /// Random circuits of the same size.
  public static let random = EvaluationMeasure(
    "random", "random circuits of the same size and per-layer profile"
  ) { _ in
    { run in
      run.evaluation.randomBaseline(
        like: run.source.circuit, count: run.draws, seed: run.seed, progress: run.listener.progress)
    }
  }
}

extension RandomBaseline: Finding {
  /// The key in `evaluation.json`.
  public static let key = "random"

  /// The mean and the range.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    """
    \(Numbers.count(circuits.count, "random circuit")) of this size and per-layer profile: \
    faithfulness \(Numbers.percent(values.mean)), from \
    \(Numbers.percent(values.quantile(0))) to \(Numbers.percent(values.quantile(1)))
    """
  }

  /// The faithfulness of each.
  public func json(in report: EvaluationReport) -> any Encodable {
    circuits.compactMap { finite($0.value) }
  }
}
