public import Graphs

/// How far two scores of the same edges agree.
public struct ScoreAgreement: Sendable, Equatable {
  /// Spearman's rank correlation over all edges: 1 for the same order, 0 for unrelated ones; nil when all
  /// scores of one side are equal, which is no order.
  public let spearman: Double?
  private let keys: [[Float]]
  private let sorted: [[Float]]

  /// Compares two scores of one graph.
  ///
  /// - Parameters:
  ///   - one: Scores.
  ///   - other: Scores of the same graph.
  ///   - ranking: Whether magnitudes or signed scores are compared.
  /// - Complexity: O(E log E) in the number of edges E.
  public init(_ one: EdgeScores, _ other: EdgeScores, by ranking: EdgeScores.Ranking) {
    precondition(one.graph == other.graph, "scores of two graphs")
    let edges = one.graph.edgeOffsets
    keys = [one, other].map { scores in edges.map { scores.key($0, ranking) } }
    sorted = keys.map { $0.sorted(by: >) }
    let isRanked = [one, other].allSatisfy { $0.tellsEdgesApart(by: ranking) }
    spearman = isRanked ? pearson(ranks(keys[0]), ranks(keys[1])) : nil
  }

  /// The share of the `count` best edges of one that are among the `count` best of the other.
  ///
  /// Where edges tie for the last places, each counts by the share of them that has a place: the mean over
  /// all ways to break the ties.
  ///
  /// - Returns: nil when all scores of one side are equal, or for no edges.
  /// - Complexity: O(E).
  public func overlap(at count: Int) -> Double? {
    recall(of: count, among: count)
  }

  /// The share of the `count` best edges of the other that are among the `best` best of the one; ties as in
  /// ``overlap(at:)``.
  ///
  /// - Returns: nil when all scores of one side are equal, or for no edges.
  /// - Complexity: O(E).
  public func recall(of count: Int, among best: Int) -> Double? {
    let counts = [best, count].map { min($0, keys[0].count) }
    guard spearman != nil, counts.allSatisfy({ $0 > 0 }) else { return nil }
    let chances = [0, 1].map { side in
      let last = sorted[side][counts[side] - 1]
      let better = sorted[side].prefix(counts[side]).count { $0 > last }
      let share = Double(counts[side] - better) / Double(keys[side].count { $0 == last })
      return keys[side].map { $0 > last ? 1 : $0 == last ? share : 0 }
    }
    return zip(chances[0], chances[1]).reduce(0) { $0 + $1.0 * $1.1 } / Double(counts[1])
  }
}

/// Spearman's rank correlation of two lists; nil when all numbers of one are equal, or there are fewer than two.
package func rankCorrelation(_ one: [Float], _ other: [Float]) -> Double? {
  guard [one, other].allSatisfy({ Set($0).count > 1 }) else { return nil }
  return pearson(ranks(one), ranks(other))
}

/// The rank of each value, from 1; equal values share the mean of their ranks.
func ranks(_ values: [Float]) -> [Double] {
  let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
  var ranks = [Double](repeating: 0, count: values.count)
  var first = 0
  while first < order.count {
    var last = first
    while last + 1 < order.count, values[order[last + 1]] == values[order[first]] { last += 1 }
    for place in first...last { ranks[order[place]] = Double(first + last) / 2 + 1 }
    first = last + 1
  }
  return ranks
}

/// Pearson's correlation.
func pearson(_ x: [Double], _ y: [Double]) -> Double {
  let (meanX, meanY) = (PromptValues(x).mean, PromptValues(y).mean)
  let product = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
  let squares = [(x, meanX), (y, meanY)].map { values, mean in
    values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }
  return product / (squares[0] * squares[1]).squareRoot()
}
