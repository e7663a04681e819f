public import Graphs
import Tensors

/// How much a circuit depends on which prompts it was found on (arXiv 2510.00845).
///
/// Prompts are drawn again with replacement, scores are averaged over the drawn ones, and a circuit is
/// chosen each time.
public struct Stability: Sendable, Equatable {
  /// The Jaccard index of the edges of every two circuits found on different draws; NaN where all scores of
  /// a draw are equal, since nothing chose its circuit.
  public let jaccard: PromptValues
  /// Spearman's correlation of the scores of each draw with those of all prompts; NaN where all scores of
  /// one are equal.
  public let rankCorrelation: PromptValues

  /// Draws prompts and chooses circuits.
  ///
  /// - Parameters:
  ///   - parts: The scores of each prompt, or of each group of equally many, in order.
  ///   - selection: How a circuit is chosen.
  ///   - draws: How many times prompts are drawn, at least 2.
  ///   - seed: Where random choices start.
  /// - Complexity: O(draws · E · (parts + log E)) in the number of edges E.
  public init(parts: [EdgeScores], selection: CircuitSelection, draws: Int = 20, seed: UInt64 = 0) {
    precondition(draws > 1 && !parts.isEmpty, "\(draws) draws of \(parts.count) parts")
    var generator = SeededGenerator(seed: seed)
    let whole = EdgeScores(meanOf: parts)
    var circuits: [Circuit?] = []
    var correlations: [Double] = []
    for _ in 0..<draws {
      let drawn = EdgeScores(meanOfDrawn: parts, using: &generator)
      let isRanked = drawn.tellsEdgesApart(by: selection.ranking)
      circuits.append(isRanked ? drawn.circuit(selection) : nil)
      correlations.append(ScoreAgreement(drawn, whole, by: selection.ranking).spearman ?? .nan)
    }
    jaccard = PromptValues(
      circuits.indices.flatMap { one in
        circuits.indices.dropFirst(one + 1).map {
          guard let one = circuits[one], let other = circuits[$0] else { return .nan }
          return CircuitOverlap(of: one, with: other).edges.jaccard
        }
      })
    rankCorrelation = PromptValues(correlations)
  }
}

extension EdgeScores {
  /// The mean of scores that are drawn from some with replacement, as many as there are.
  init(meanOfDrawn parts: [EdgeScores], using generator: inout SeededGenerator) {
    var weights = [Int](repeating: 0, count: parts.count)
    for _ in parts { weights[Int.random(in: 0..<parts.count, using: &generator)] += 1 }
    self.init(meanOf: parts, weights: weights)
  }
}
