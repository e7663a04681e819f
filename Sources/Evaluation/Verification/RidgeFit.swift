/// Least squares with a penalty on the coefficients: `θ = A⁻¹ Σ x t` with `A = Λ + Σ x xᵀ`.
///
/// Λ has λ on its diagonal, but for the last coefficient, that of a constant, which costs a thousandth at most: what is
/// the same for all examples is no hypothesis.
package struct RidgeFit: Sendable {
  /// θ.
  package private(set) var coefficients: [Double]
  /// λ.
  let penalty: Double
  /// A⁻¹, row by row: how little is known in each direction.
  package let covariance: SquareMatrix

  /// Fits.
  ///
  /// - Parameters:
  ///   - rows: What is known of each example, all of the same width, a constant last.
  ///   - targets: What is to be predicted of it.
  ///   - width: How long rows are.
  ///   - penalty: λ, more than 0.
  package init(_ rows: [ArraySlice<Double>], _ targets: [Double], width: Int, penalty: Double = 1) {
    var precision = SquareMatrix(penalty: penalty, width: width)
    var moment = [Double](repeating: 0, count: width)
    for (row, target) in zip(rows, targets) {
      precision.add(outerProductOf: row)
      for (place, value) in row.enumerated() { moment[place] += value * target }
    }
    self.penalty = penalty
    covariance = precision.inverse
    coefficients = covariance.times(moment[...])
  }

  /// θᵀx.
  package func value(_ row: ArraySlice<Double>) -> Double { dot(row, coefficients[...]) }

  /// xᵀA⁻¹x: the variance of the prediction as a share of the noise's, large for what is unlike all examples.
  package func leverage(_ row: ArraySlice<Double>) -> Double { covariance.form(row) }
}

extension RidgeFit {
  /// The fit whose penalty predicts each example best from all others.
  ///
  /// Penalties are powers of ten from 1 to 10⁶. Without an example its error is `(t − θᵀx) / (1 − xᵀA⁻¹x)`.
  package static func crossValidated(
    _ rows: [ArraySlice<Double>], _ targets: [Double], width: Int
  ) -> RidgeFit {
    let fits = [1, 10, 100, 1000, 1e4, 1e5, 1e6].map { penalty in
      RidgeFit(rows, targets, width: width, penalty: penalty)
    }
    let errors = fits.map { fit in
      zip(rows, targets).reduce(0) { sum, example in
        let error = (example.1 - fit.value(example.0)) / max(1 - fit.leverage(example.0), 1e-9)
        return sum + error * error
      }
    }
    let best = errors.indices.reduce(0) { errors[$1] <= errors[$0] ? $1 : $0 }
    return fits[best]
  }
}

/// The sum of the products of two rows.
func dot(_ one: ArraySlice<Double>, _ other: ArraySlice<Double>) -> Double {
  let gap = other.startIndex - one.startIndex
  var sum = 0.0
  for place in one.startIndex..<one.endIndex { sum += one[place] * other[place + gap] }
  return sum
}

/// A symmetric positive definite matrix.
package struct SquareMatrix: Sendable {
  let width: Int
  /// Row by row.
  private var elements: [Double]

  /// A number on the diagonal, a thousandth at most in the last place, that of a constant, and 0 beside the diagonal.
  init(penalty: Double, width: Int) {
    self.init(diagonal: penalty, width: width)
    elements[width * width - 1] = min(penalty, 1e-3)
  }

  /// A number on the diagonal and 0 beside it.
  init(diagonal: Double, width: Int) {
    self.width = width
    elements = [Double](repeating: 0, count: width * width)
    for place in 0..<width { elements[place * width + place] = diagonal }
  }

  private func row(_ index: Int) -> ArraySlice<Double> {
    elements[(index * width)..<((index + 1) * width)]
  }

  /// Adds `weight · x xᵀ`.
  mutating func add(outerProductOf x: ArraySlice<Double>, weight: Double = 1) {
    for (line, left) in x.enumerated() {
      for (column, right) in x.enumerated() {
        elements[line * width + column] += weight * left * right
      }
    }
  }

  /// The product with a vector.
  package func times(_ x: ArraySlice<Double>) -> [Double] { (0..<width).map { dot(row($0), x) } }

  /// xᵀMx.
  func form(_ x: ArraySlice<Double>) -> Double { dot(times(x)[...], x) }

  /// The inverse, by Gauss and Jordan; no pivots are sought, since all of a positive definite matrix are positive.
  var inverse: SquareMatrix {
    var (left, right) = (elements, SquareMatrix(diagonal: 1, width: width).elements)
    for pivot in 0..<width {
      let scale = 1 / left[pivot * width + pivot]
      for column in 0..<width {
        left[pivot * width + column] *= scale
        right[pivot * width + column] *= scale
      }
      for line in 0..<width where line != pivot {
        let factor = left[line * width + pivot]
        guard factor != 0 else { continue }
        for column in 0..<width {
          left[line * width + column] -= factor * left[pivot * width + column]
          right[line * width + column] -= factor * right[pivot * width + column]
        }
      }
    }
    var inverse = self
    inverse.elements = right
    return inverse
  }
}
