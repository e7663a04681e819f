extension PatchStrategy {
  /// Those most likely among the best edges, by conditional normalised maximum likelihood.
  ///
  /// As MURAL (arXiv 2107.07184) learns which states are goals: for each edge the classifier is fitted once with the edge
  /// as one of the best and once as none of them, `θ₁` and `θ₀`, and
  ///
  ///     p = p(1 | θ₁) / (p(1 | θ₁) + p(0 | θ₀))
  ///
  /// What is unlike all patched edges can be made either, so its p is one half: it comes before all that is known to be
  /// weak.
  public static let cnml = PatchStrategy(
    "cnml", "those most likely among the best, one half for what is unlike all patched edges"
  ) { count, known in
    let fit = LogisticFit(known.examples, width: known.features.width)
    return known.best(count) { fit.normalizedLikelihood(known.features.row($0)) }
  }
}

extension LogisticFit {
  /// The probability of the label 1 by conditional normalised maximum likelihood.
  ///
  /// The loss of the other examples is taken as quadratic around the fit. Then with one more example of a label the
  /// optimum moves along H⁻¹x alone, and its logit solves `z = θᵀx + xᵀH⁻¹x · (label − σ(z))`.
  package func normalizedLikelihood(_ row: ArraySlice<Double>) -> Double {
    let (logit, leverage) = (logit(row), leverage(row))
    let likelihoods = [0.0, 1].map { label -> Double in
      let chance = sigmoid(Self.moved(logit, by: leverage, toward: label))
      return label > 0.5 ? chance : 1 - chance
    }
    return likelihoods[1] / (likelihoods[0] + likelihoods[1])
  }

  /// The solution of `z = logit + leverage · (label − σ(z))`, by halving intervals: the right side falls with z.
  static func moved(_ logit: Double, by leverage: Double, toward label: Double) -> Double {
    var (low, high) = (logit - leverage, logit + leverage)
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if logit + leverage * (label - sigmoid(middle)) > middle {
        low = middle
      } else {
        high = middle
      }
    }
    return (low + high) / 2
  }
}
