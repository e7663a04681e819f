public import Graphs

/// How far an integral of gradients along the path from corrupted to clean inputs has converged.
///
/// `input` reaches everything by its own edges, so along that path their scores sum up to the whole difference,
/// `Σ_r s[input→r] = m(M) − m(∅)` with resampling: the completeness of integrated gradients (arXiv 1703.01365). Sums
/// over few points miss it.
public struct IntegralGap: Sendable, Equatable {
  /// What the scores of the edges out of `input` sum up to.
  public let sum: Double
  /// What they would sum up to: `m(M) − m(∅)` on the prompts that were scored.
  public let whole: Double
  /// The share of the difference that the scores add up to: 1 when the integral has converged; NaN when there is no
  /// difference.
  public let share: Double

  /// Adds up scores.
  ///
  /// - Parameters:
  ///   - scores: Scores of a method that integrates along inputs, with resampling.
  ///   - found: A circuit on the prompts that were scored: its full model and empty circuit count.
  public init(of scores: EdgeScores, _ found: Faithfulness) {
    sum = scores.graph.edgeOffsets(ofWriter: 0).reduce(0) { $0 + Double(scores.values[$1]) }
    whole = found.full.mean - found.empty.mean
    share = found.isTelling ? sum / whole : .nan
  }

  /// Whether the scores miss more than a tenth of the difference.
  public var isWide: Bool { abs(share - 1) > 0.1 }
}
