public import Graphs
import Tensors

extension EdgeScores {
  /// The mean of scores of one graph, 0 for edges whose sign depends on which prompts there are.
  ///
  /// Prompts are drawn with replacement, as many as there are; an edge keeps its mean when in a share of the draws the mean
  /// over the drawn prompts has the sign of that over all (sign-consistent bootstrap, arXiv 2510.25786).
  ///
  /// - Parameters:
  ///   - parts: The scores of each prompt.
  ///   - share: The share of draws, at most 1.
  ///   - draws: How often prompts are drawn.
  ///   - seed: Where random choices start.
  /// - Complexity: O(draws · prompts · E) in the number of edges E.
  public init(
    signConsistent parts: [EdgeScores], share: Double, draws: Int = 200, seed: UInt64 = 0
  ) {
    let mean = EdgeScores(meanOf: parts)
    var generator = SeededGenerator(seed: seed)
    var agreeing = [Int](repeating: 0, count: mean.values.count)
    for _ in 0..<draws {
      let drawn = EdgeScores(meanOfDrawn: parts, using: &generator)
      for (place, value) in drawn.values.enumerated()
      where value == mean.values[place] || value * mean.values[place] > 0 { agreeing[place] += 1 }
    }
    let least = share * Double(draws)
    self.init(
      zip(mean.values, agreeing).map { Double($1) >= least ? $0 : 0 }, graph: mean.graph)
  }
}
