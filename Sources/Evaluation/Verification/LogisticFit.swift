import Foundation

/// A logistic classifier with a penalty on the coefficients, at its optimum, and how curved its loss is there.
///
/// `p(1 | x) = σ(θᵀx)`; the loss is `Σ w · −log p(label | x) + θᵀΛθ / 2`, minimised by Newton's method, with the Λ of
/// ``RidgeFit``.
package struct LogisticFit: Sendable {
  /// θ.
  package private(set) var coefficients: [Double]
  /// The inverse of the loss's second derivative.
  private(set) var covariance: SquareMatrix

  /// An example: what is known of it, its label, and how much it counts.
  package struct Example: Sendable {
    /// What is known of it.
    package let row: ArraySlice<Double>
    /// 0 or 1.
    package let label: Double
    /// How much it counts.
    package let weight: Double

    /// Takes a row, a label of 0 or 1, and how much it counts.
    package init(row: ArraySlice<Double>, label: Double, weight: Double = 1) {
      self.row = row
      self.label = label
      self.weight = weight
    }
  }

  /// Fits.
  ///
  /// - Parameters:
  ///   - examples: Rows of one width, a constant last, with labels 0 and 1.
  ///   - width: How long rows are.
  ///   - penalty: λ, more than 0.
  package init(_ examples: [Example], width: Int, penalty: Double = 1) {
    coefficients = [Double](repeating: 0, count: width)
    let penalties = SquareMatrix(penalty: penalty, width: width)
    covariance = penalties.inverse
    var loss = Self.loss(coefficients, examples, penalties)
    for _ in 0..<50 {
      var curvature = penalties
      var slope = penalties.times(coefficients[...]).map { -$0 }
      for example in examples {
        let chance = sigmoid(dot(example.row, coefficients[...]))
        curvature.add(
          outerProductOf: example.row, weight: example.weight * chance * (1 - chance))
        let error = example.weight * (example.label - chance)
        for (place, value) in example.row.enumerated() { slope[place] += error * value }
      }
      covariance = curvature.inverse
      let step = covariance.times(slope[...])
      guard step.contains(where: { abs($0) > 1e-7 }) else { break }
      // A full step can go too far where the loss is flat: halve it until the loss falls.
      var (length, isLower) = (1.0, false)
      while !isLower, length > 1e-6 {
        let trial = zip(coefficients, step).map { $0 + length * $1 }
        let value = Self.loss(trial, examples, penalties)
        isLower = value <= loss
        if isLower { (coefficients, loss) = (trial, value) }
        length /= 2
      }
      guard isLower else { break }
    }
  }

  private static func loss(
    _ coefficients: [Double], _ examples: [Example], _ penalties: SquareMatrix
  ) -> Double {
    examples.reduce(0.5 * penalties.form(coefficients[...])) { sum, example in
      let logit = dot(example.row, coefficients[...])
      let margin = example.label > 0.5 ? logit : -logit
      return sum + example.weight * (max(-margin, 0) + log1p(exp(-abs(margin))))
    }
  }

  /// θᵀx.
  package func logit(_ row: ArraySlice<Double>) -> Double { dot(row, coefficients[...]) }

  /// xᵀH⁻¹x: how uncertain the logit is.
  package func leverage(_ row: ArraySlice<Double>) -> Double { covariance.form(row) }
}

/// `1 / (1 + e⁻ᶻ)`.
func sigmoid(_ z: Double) -> Double { 1 / (1 + exp(-z)) }
