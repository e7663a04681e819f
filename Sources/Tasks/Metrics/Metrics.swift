/// The known metrics.
public enum Metrics {
  /// All metrics, the default first.
  public static let all: [any Metric] = [
    LogitDifference(), ProbabilityDifference(), LogLikelihood(), Divergence.kl,
    Divergence.reverseKL, Divergence.jensenShannon, SquaredError(), Accuracy(), ExactMatch(),
    AnswerRank(),
  ]

  /// The metric of a name.
  ///
  /// - Throws: ``TaskError/unknownName(kind:_:known:)``.
  public static func named(_ name: String) throws(TaskError) -> any Metric {
    guard let metric = all.first(where: { $0.name == name }) else {
      throw .unknownName(kind: "metric", name, known: all.map(\.name))
    }
    return metric
  }
}
