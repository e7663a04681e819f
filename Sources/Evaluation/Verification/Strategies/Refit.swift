extension PatchStrategy {
  /// The largest effects first that ridge regression on the patched edges predicts.
  public static let refit = PatchStrategy(
    "refit", "the largest effects that a fit to the patched edges predicts"
  ) { count, known in
    let fit = known.regression
    return known.best(count) { known.logarithm($0, fit) }
  }
}
