public import Evaluation
import Files
import Graphs
public import Reports

extension EvaluationMeasure {
  /// The scores against other ones.
  static let agreement = EvaluationMeasure("agreement", "rank correlation and overlap") { source in
    guard let path = source.plan.against else { return nil }
    guard let scores = source.scores else {
      throw ExperimentError("--against needs scores, and the source has a circuit only.")
    }
    guard let others = try source.contents(ofOther: path).scores else {
      throw ExperimentError(
        "\(path): expected scores for --against, and the file has a circuit only.")
    }
    return { _ in ScoreAgreement(scores, others, by: source.selection.ranking) }
  }
}

extension ScoreAgreement: Finding {
  /// The key in `evaluation.json`.
  public static let key = "agreement"

  /// The rank correlation, and what the best edges have in common.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    let overlaps = sizes(in: report).map {
      "\(Numbers.percent(overlap(at: $0) ?? .nan)) of the best \(Numbers.count($0))"
    }
    return """
      against the other scores: rank correlation \(Numbers.fixed(spearman ?? .nan)),
      overlap \(overlaps.joined(separator: ", "))
      """
  }

  /// The rank correlation, and what the best edges have in common.
  public func json(in report: EvaluationReport) -> any Encodable {
    let overlaps = sizes(in: report).map { ("overlap at \($0)", overlap(at: $0)) }
    return Dictionary(uniqueKeysWithValues: [("spearman", spearman)] + overlaps)
      .compactMapValues { $0.flatMap(finite) }
  }

  private func sizes(in report: EvaluationReport) -> [Int] {
    [10, 100, 1000].filter { $0 < report.circuit.graph.edgeCount }
  }
}
