package import Tensors
package import Testing

/// Expects two tensors to agree: no difference above `tolerance` times the largest expected value.
package func expectClose(
  _ found: Tensor, _ expected: Tensor, relative tolerance: Float, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.shape == expected.shape, "\(what)", sourceLocation: sourceLocation)
  expectClose(
    found.values().map(Double.init), expected.values().map(Double.init),
    relative: Double(tolerance), what, sourceLocation: sourceLocation)
}

/// Expects two lists of numbers to agree, as for tensors.
///
/// The tolerance is relative to `scale`, or to the largest expected value when that is nil.
package func expectClose(
  _ found: [Double], _ expected: [Double], relative tolerance: Double, to scale: Double? = nil,
  _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard found.count == expected.count else {
    Issue.record(
      "\(what): \(found.count) against \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  let largest = scale ?? expected.map(abs).max() ?? 0
  let errors = zip(found, expected).map { abs($0 - $1) }
  // Written so that a NaN fails.
  let worst = errors.indices.max { !(errors[$0] >= errors[$1]) } ?? 0
  guard !errors.isEmpty else { return }
  let isClose = errors.allSatisfy { $0 <= tolerance * largest }
  #expect(
    isClose,
    """
    \(what): at \(worst) found \(found[worst]), expected \(expected[worst]); off by \
    \(errors[worst] / largest) of the largest value \(largest)
    """, sourceLocation: sourceLocation)
}
