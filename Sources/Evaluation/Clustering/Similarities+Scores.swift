public import Graphs

extension Similarities {
  /// Compares scores of one graph edge by edge.
  public init(of scores: [EdgeScores]) { self.init(of: scores.map(\.values)) }
}
