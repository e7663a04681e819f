/// Seconds since an experiment began.
package struct ExperimentClock: Sendable {
  private let start = ContinuousClock.now

  package init() {}

  /// Seconds since the clock was made.
  package var seconds: Double {
    let parts = (ContinuousClock.now - start).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }
}
