/// What a method gives a score or a trained number of its own.
public enum MaskLevel: String, Sendable, CaseIterable {
  /// The query, key and value of each head and the write of each MLP.
  case nodes
  /// Every edge.
  case edges
}

extension MaskLevel {
  /// What has a trained number.
  var units: MaskUnits { self == .nodes ? .nodes : .edges }
}
