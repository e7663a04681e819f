public import Graphs

/// The receiver operating characteristic of finding a true circuit: which share of it is found, against
/// which share of everything else is taken for it.
public struct RecoveryCurve: Sendable, Equatable, Codable {
  /// A choice of edges or nodes.
  public struct Point: Sendable, Equatable, Codable {
    /// The share of what is not in the true circuit that was chosen.
    public let falsePositiveRate: Double
    /// The share of the true circuit that was chosen.
    public let truePositiveRate: Double

    /// Takes two shares.
    public init(falsePositiveRate: Double, truePositiveRate: Double) {
      self.falsePositiveRate = falsePositiveRate
      self.truePositiveRate = truePositiveRate
    }
  }

  /// What is chosen.
  public enum Level: String, Sendable, CaseIterable {
    /// Edges.
    case edges
    /// Heads and MLPs; one is chosen with the best of its edges.
    case nodes
  }

  /// How the area between points is counted.
  public enum Convention: String, Sendable, CaseIterable {
    /// The staircase below the Pareto frontier, `Σ (1 − x_i)(y_i − y_{i−1})`, as the ACDC paper.
    case pessimistic
    /// Straight lines from point to point.
    case trapezoid
  }

  /// The different points with (0, 0) and (1, 1), by false and then by true positives.
  public let points: [Point]

  /// Takes points in any order, as of a sweep over thresholds.
  public init(points: [Point]) {
    let ends = [
      Point(falsePositiveRate: 0, truePositiveRate: 0),
      Point(falsePositiveRate: 1, truePositiveRate: 1),
    ]
    let sorted = (points + ends).sorted {
      ($0.falsePositiveRate, $0.truePositiveRate) < ($1.falsePositiveRate, $1.truePositiveRate)
    }
    self.points = sorted.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// The curve of scores: a point for each different score as the threshold.
  ///
  /// - Parameters:
  ///   - scores: The scores; those that are equal are chosen together.
  ///   - truth: The true circuit, of the same graph.
  ///   - ranking: Whether magnitudes or signed scores count.
  ///   - level: What is chosen.
  public init(
    of scores: EdgeScores, truth: Circuit, ranking: EdgeScores.Ranking = .magnitude,
    level: Level = .edges
  ) {
    let graph = scores.graph
    precondition(graph == truth.graph, "scores and truth of two graphs")
    let key = { (offset: Int) in scores.key(offset, ranking) }
    switch level {
    case .edges:
      let isTrue = Set(truth.offsets)
      self.init(graph.edgeOffsets.map { (key($0), isTrue.contains($0)) })
    case .nodes:
      var best = [Float](repeating: -.infinity, count: graph.writerCount)
      for reader in 0..<graph.readerCount {
        let behind = graph.writerIndices(behindReader: reader)
        for writer in 0..<graph.visibleWriterCount(ofReader: reader) {
          let score = key(writer * graph.readerCount + reader)
          for node in [writer] + behind { best[node] = max(best[node], score) }
        }
      }
      let isTrue = Set(truth.components)
      self.init(
        (1..<graph.writerCount).map { (best[$0], isTrue.contains(graph.writer(at: $0))) })
    }
  }

  /// The curve of circuits, as of a sweep over thresholds.
  public init(of circuits: [Circuit], truth: Circuit) {
    let others = truth.graph.edgeCount - truth.edgeCount
    // Without edges on both sides there is nothing to tell apart.
    let telling = others == 0 || truth.edgeCount == 0 ? [] : circuits
    self.init(
      points: telling.map { circuit in
        let edges = CircuitOverlap(of: circuit, with: truth).edges
        return Point(
          falsePositiveRate: Double(edges.found - edges.both) / Double(others),
          truePositiveRate: edges.recall)
      })
  }

  private init(_ members: [(key: Float, isTrue: Bool)]) {
    let sorted = members.sorted { $0.key > $1.key }
    let truth = members.count { $0.isTrue }
    guard truth > 0, truth < members.count else {
      self.init(points: [])
      return
    }
    var (points, found): ([Point], Int) = ([], 0)
    for (index, member) in sorted.enumerated() {
      found += member.isTrue ? 1 : 0
      guard index + 1 == sorted.count || sorted[index + 1].key < member.key else { continue }
      points.append(
        Point(
          falsePositiveRate: Double(index + 1 - found) / Double(members.count - truth),
          truePositiveRate: Double(found) / Double(truth)))
    }
    self.init(points: points)
  }

  /// Whether something was ranked: false when all scores are equal, or when the truth is nothing or
  /// everything, and the curve is then no more than its ends.
  public var isRanked: Bool { points.count > 2 }

  /// The area under the curve; 1 when the true circuit comes first, about 0.5 by chance; nil unless ``isRanked``.
  public func area(_ convention: Convention) -> Double? {
    guard isRanked else { return nil }
    switch convention {
    case .pessimistic:
      var (area, height) = (0.0, 0.0)
      for point in points where point.truePositiveRate > height {
        area += (1 - point.falsePositiveRate) * (point.truePositiveRate - height)
        height = point.truePositiveRate
      }
      return area
    case .trapezoid:
      return zip(points, points.dropFirst()).reduce(0) { area, pair in
        area + (pair.1.falsePositiveRate - pair.0.falsePositiveRate)
          * (pair.0.truePositiveRate + pair.1.truePositiveRate) / 2
      }
    }
  }
}
