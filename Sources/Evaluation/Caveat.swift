import Tasks

/// Something that a high faithfulness does not say, in numbers that belong beside it.
///
/// One metric can be recovered by a circuit that is unlike the model: on a real model one that kept 85 % of the
/// logit difference kept nothing of the probability difference and lay further from the model's predictions than
/// the empty circuit.
public enum Caveat: Sendable, Equatable {
  /// The metric is kept, but predictions lie further from the full model's than the empty circuit's do.
  case unlikeModel(metric: String, kept: Double, keptDivergence: Double)
  /// The metric is kept, but answers are wrong that the full model gives right; shares of prompts.
  case lessAccurate(metric: String, kept: Double, full: Double, circuit: Double)
  /// Less of the probability difference is kept than of the metric.
  case unlikely(metric: String, kept: Double, keptProbability: Double)
  /// Faithfulness on the prompts that the circuit was found on and on others differ by more than noise.
  case unlikeInSample(inSample: Double, heldOut: Double)
  /// The circuit has more of the metric than the model: what opposes the behaviour was left out.
  case beyondModel(metric: String, kept: Double)

  /// Above which faithfulness a circuit is taken to explain the behaviour: more than half of it.
  public static let explains = 0.5
  /// By how much accuracy may fall: ten points, more than the noise of a hundred prompts (± 5 points at most).
  public static let accuracyFall = 0.1
  /// Which part of the metric's faithfulness the probability difference must have: the two need not agree
  /// closely, since one is in logits, but half of it is another behaviour.
  public static let probabilityPart = 0.5
  /// Below which faithfulness nothing is kept of which a part could be missed.
  public static let kept = 0.1
  /// How many standard errors count as noise: about 95 % of what chance does.
  public static let errors = 2.0
  /// What is taken for 100 % whatever the errors: the digits that are shown, and rounding.
  public static let closeness = 0.01

  /// All caveats that the numbers of a circuit call for.
  ///
  /// - Parameters:
  ///   - metric: The name of the metric that the circuit was chosen by.
  ///   - metrics: The circuit by several metrics; what is missing is not looked at.
  ///   - inSample: The circuit by the chosen metric, on the prompts that it was found on.
  /// - Returns: Those that hold, in the order of the cases; none where no ratio means anything.
  public static func all(
    by metric: String, of metrics: [(name: String, faithfulness: Faithfulness)],
    inSample: Faithfulness? = nil
  ) -> [Caveat] {
    let found = { (name: String) in metrics.first { $0.name == name }?.faithfulness }
    guard let own = found(metric), own.isTelling else { return [] }
    return [
      unlikeModel(metric, own, found(Divergence.kl.name)),
      lessAccurate(metric, own, found(Accuracy().name)),
      unlikely(metric, own, found(ProbabilityDifference().name)),
      inSample.flatMap { unlikeInSample($0, heldOut: own) },
      beyondModel(metric, own),
    ].compactMap(\.self)
  }

  private static func unlikeModel(
    _ metric: String, _ own: Faithfulness, _ divergence: Faithfulness?
  ) -> Caveat? {
    guard let divergence, own.value > explains, divergence.value < 0 else { return nil }
    return .unlikeModel(metric: metric, kept: own.value, keptDivergence: divergence.value)
  }

  private static func lessAccurate(
    _ metric: String, _ own: Faithfulness, _ accuracy: Faithfulness?
  ) -> Caveat? {
    guard let accuracy, own.value > explains,
      accuracy.full.mean - accuracy.circuit.mean > accuracyFall
    else { return nil }
    return .lessAccurate(
      metric: metric, kept: own.value, full: accuracy.full.mean, circuit: accuracy.circuit.mean)
  }

  /// Beyond noise: of a metric that is hardly kept, half is soon lost by chance.
  private static func unlikely(
    _ metric: String, _ own: Faithfulness, _ probability: Faithfulness?
  ) -> Caveat? {
    guard let probability, own.value > kept, probability.value < probabilityPart * own.value,
      own.value - probability.value > errors * (combinedError(own, probability) ?? 0)
    else { return nil }
    return .unlikely(metric: metric, kept: own.value, keptProbability: probability.value)
  }

  private static func unlikeInSample(_ inSample: Faithfulness, heldOut: Faithfulness) -> Caveat? {
    guard let error = combinedError(inSample, heldOut),
      abs(inSample.value - heldOut.value) > max(errors * error, closeness)
    else { return nil }
    return .unlikeInSample(inSample: inSample.value, heldOut: heldOut.value)
  }

  private static func beyondModel(_ metric: String, _ own: Faithfulness) -> Caveat? {
    guard let error = own.standardError, own.value > 1 + max(errors * error, closeness) else {
      return nil
    }
    return .beyondModel(metric: metric, kept: own.value)
  }

  private static func combinedError(_ one: Faithfulness, _ other: Faithfulness) -> Double? {
    guard let first = one.standardError, let second = other.standardError else { return nil }
    return (first * first + second * second).squareRoot()
  }
}

extension Caveat: CustomStringConvertible {
  /// One sentence for the user.
  public var description: String {
    switch self {
    case .unlikeModel(let metric, let kept, let keptDivergence):
      """
      The circuit keeps \(percent(kept)) of \(metric), but its predictions are further from the full \
      model's than the empty circuit's are (\(Divergence.kl.name): \(percent(keptDivergence))).
      """
    case .lessAccurate(let metric, let kept, let full, let circuit):
      """
      The circuit keeps \(percent(kept)) of \(metric), but answers \(percent(circuit)) of the prompts \
      right where the full model answers \(percent(full)).
      """
    case .unlikely(let metric, let kept, let keptProbability):
      """
      The circuit keeps \(percent(kept)) of \(metric), but \(percent(keptProbability)) of the \
      probability difference.
      """
    case .unlikeInSample(let inSample, let heldOut):
      """
      The circuit is \(percent(inSample)) faithful on the prompts that it was found on and \
      \(percent(heldOut)) on others, which is more than chance.
      """
    case .beyondModel(let metric, let kept):
      """
      The circuit has \(percent(kept)) of the full model's \(metric): edges that oppose the behaviour \
      were left out.
      """
    }
  }
}

/// A share in percent, to a tenth where it is not whole.
private func percent(_ share: Double) -> String {
  let points = (1000 * share).rounded() / 10
  return Int(exactly: points).map { "\($0) %" } ?? "\(points) %"
}
