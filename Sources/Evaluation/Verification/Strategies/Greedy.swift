extension PatchStrategy {
  /// The ranking itself: the largest scores first.
  ///
  /// Edges that were not patched keep their scores.
  public static let greedy = PatchStrategy(
    "greedy", "the largest scores first", predicts: false
  ) { count, known in
    known.best(count) { known.magnitude($0) }
  }
}
