/// Seconds since an experiment began.
struct ExperimentClock: Sendable {
  private let start = ContinuousClock.now

  /// Seconds since the clock was made.
  var seconds: Double {
    let parts = (ContinuousClock.now - start).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }
}
