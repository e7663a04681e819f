extension PatchStrategy {
  /// The largest effects that are still plausible: prediction and a bonus for what is unlike all patched edges.
  ///
  /// The case of horizon 1 of stabilised linear Q-learning (arXiv 2206.00796): without a next state the target is the
  /// effect itself, and the second-order update `θ ← θ + A⁻¹ x (y − xᵀθ)` ends in the ridge fit. The bonus is
  /// `(2 σ + √λ) √(xᵀA⁻¹x)` with the fit's own σ and λ: before anything is known, one standard deviation of features may
  /// change an effect by a factor of e. After each choice A grows by `x xᵀ`, so that a round does not take the
  /// same bonus many times over. Of a round, four times as many candidates as it has places are looked at.
  public static let linUCB = PatchStrategy(
    "linucb", "the largest effects that are still plausible"
  ) { count, known in
    let fit = known.regression
    let radius = 2 * known.deviation(of: fit) + fit.penalty.squareRoot()
    let bound = { (edge: Int, leverage: Double) in
      known.logarithm(edge, fit) + radius * max(leverage, 0).squareRoot()
    }
    let rows = known.features
    var candidates = known.best(4 * count) { bound($0, fit.leverage(rows.row($0))) }
    var leverages = candidates.map { fit.leverage(rows.row($0)) }
    var covariance = fit.covariance
    return (0..<count).map { _ in
      // Candidates are ordered by their first bounds, and the first of equal ones is taken.
      let bounds = zip(candidates, leverages).map(bound)
      let best = bounds.indices.dropFirst().reduce(0) { bounds[$1] > bounds[$0] ? $1 : $0 }
      let chosen = candidates.remove(at: best)
      let scale = 1 + leverages.remove(at: best)
      // Sherman and Morrison: (A + x xᵀ)⁻¹ = A⁻¹ − (A⁻¹x)(A⁻¹x)ᵀ / (1 + xᵀA⁻¹x).
      let direction = covariance.times(rows.row(chosen))
      covariance.add(outerProductOf: direction[...], weight: -1 / scale)
      for (place, candidate) in candidates.enumerated() {
        let shared = dot(rows.row(candidate), direction[...])
        leverages[place] -= shared * shared / scale
      }
      return chosen
    }
  }
}
