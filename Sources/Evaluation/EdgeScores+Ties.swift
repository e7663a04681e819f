package import Graphs

// Edges of equal scores are in no order: what follows from their canonical one says nothing about scores.

extension EdgeScores {
  /// Whether any two edges differ by what they are ranked by.
  package func tellsEdgesApart(by ranking: Ranking) -> Bool {
    guard let first = graph.edgeOffsets.first else { return false }
    let key = key(first, ranking)
    return graph.edgeOffsets.contains { self.key($0, ranking) != key }
  }
}
