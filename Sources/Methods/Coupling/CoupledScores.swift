public import Graphs

/// Scores of several tasks that are kept near each other; see ``CoupledVectors``.
///
/// Scores are in the units of each task's metric, so they are first divided by what full model and empty circuit differ by
/// on that task: `y_t = s_t / |m_t(M) − m_t(∅)|`. The centre starts as the mean of the `y_t`, and the radius is
/// `ε · √(mean ‖y_t‖²)`: with ε = 0 all tasks get the same vector, from about 1 on each keeps its own. What comes out is in
/// each task's own units again.
///
/// Edges that a method never takes (−∞) in some task stay what they are, and have no part in how far vectors are apart.
public struct CoupledScores: Sendable {
  /// For each task its scores; where it is near enough by itself, those that it had.
  public let scores: [EdgeScores]
  /// For each task how hard it pulls away from the centre, as a share of `√(mean ‖y_t‖²)`; 0 where it is near enough.
  public let multipliers: [Double]
  /// For each task how far it is from the centre, as a share of `√(mean ‖y_t‖²)`: ε at most.
  public let distances: [Double]

  /// Couples scores.
  ///
  /// - Parameters:
  ///   - scores: For each task a score for every edge of one graph.
  ///   - scales: For each task what its scores are divided by, more than 0.
  ///   - radius: ε; 0 or more, maybe infinite.
  public init(_ scores: [EdgeScores], scales: [Double], within radius: Double) {
    precondition(scales.count == scores.count && scales.allSatisfy { $0 > 0 }, "a scale for each")
    precondition(Set(scores.map(\.graph.edgeCount)).count == 1, "scores of one graph")
    let places = scores[0].graph.edgeOffsets.filter { place in
      scores.allSatisfy { $0.values[place].isFinite }
    }
    let vectors = zip(scores, scales).map { scores, scale in
      places.map { Double(scores.values[$0]) / scale }
    }
    let length = Self.rootMeanSquare(vectors)
    // Between scores that are all 0 there is no distance.
    let unit = length > 0 ? length : 1
    let coupled = CoupledVectors(
      projecting: vectors, around: Self.mean(vectors), within: radius * unit)
    multipliers = coupled.multipliers.map { $0 / unit }
    distances = coupled.distances.map { $0 / unit }
    self.scores = scores.indices.map { task in
      guard coupled.multipliers[task] > 0 else { return scores[task] }
      var values = scores[task].values
      for (index, place) in places.enumerated() {
        values[place] = Float(coupled.tasks[task][index] * scales[task])
      }
      return EdgeScores(values, graph: scores[task].graph)
    }
  }

  private static func mean(_ vectors: [[Double]]) -> [Double] {
    vectors[0].indices.map { index in
      vectors.reduce(0) { $0 + $1[index] } / Double(vectors.count)
    }
  }

  /// `√(mean ‖y_t‖²)`.
  private static func rootMeanSquare(_ vectors: [[Double]]) -> Double {
    let squares = vectors.map { $0.reduce(0) { $0 + $1 * $1 } }
    return (squares.reduce(0, +) / Double(vectors.count)).squareRoot()
  }
}
