/// How much of a behaviour is left when edges are ablated.
public struct Faithfulness: Sendable, Equatable, Codable {
  /// The metric of the full model on the clean prompts.
  public let full: PromptValues
  /// The metric with every edge ablated; with resampling, of the corrupted run.
  public let empty: PromptValues
  /// The metric of the circuit.
  public let circuit: PromptValues

  /// Takes the three measurements.
  public init(full: PromptValues, empty: PromptValues, circuit: PromptValues) {
    self.full = full
    self.empty = empty
    self.circuit = circuit
  }

  /// Whether all three measurements are finite.
  public var isFinite: Bool { [full, empty, circuit].allSatisfy { $0.mean.isFinite } }

  /// Whether full and empty differ by more than a thousandth of the larger, and by more than rounding,
  /// 10⁻⁶: if not, no ratio of their difference means anything.
  public var isTelling: Bool { Self.isTelling(full.mean, empty.mean) }

  private static func isTelling(_ full: Double, _ empty: Double) -> Bool {
    abs(full - empty) > max(1e-3 * max(abs(full), abs(empty)), 1e-6)
  }

  /// `(m(C) − m(∅)) / (m(M) − m(∅))` of the means; NaN unless ``isTelling``.
  public var value: Double { Self.ratio(full.mean, empty.mean, circuit.mean) }

  /// The ratio of the means over some prompts, by their places, maybe repeated; NaN as ``value``.
  func value(ofPrompts prompts: [Int]) -> Double {
    Self.ratio(full.mean(of: prompts), empty.mean(of: prompts), circuit.mean(of: prompts))
  }

  private static func ratio(_ full: Double, _ empty: Double, _ circuit: Double) -> Double {
    isTelling(full, empty) ? (circuit - empty) / (full - empty) : .nan
  }

  /// The standard error of ``value`` by the delta method; nil for one prompt or unless ``isTelling``.
  ///
  /// With `x = m(C) − m(∅)`, `y = m(M) − m(∅)` of each prompt and `f` the ratio of their means it is
  /// `√(Σ (x − f y)² / (n − 1) / n) / |mean y|`: to first order, what the ratio varies by from one choice of
  /// prompts to another. Where `y` is noisy itself, look at the interval of ``Bootstrap/faithfulness(_:)``.
  public var standardError: Double? {
    guard isTelling else { return nil }
    let value = value
    let residuals = circuit.values.indices.map {
      circuit.values[$0] - empty.values[$0] - value * (full.values[$0] - empty.values[$0])
    }
    return PromptValues(residuals).standardError.map { $0 / abs(full.mean - empty.mean) }
  }

  /// The same ratio prompt by prompt: with the logit difference, the fraction of it that each recovers.
  ///
  /// The mean hides that some prompts are above 1 and some below 0, so look at the quantiles. Prompts
  /// on which full and empty are nearly equal have ratios far from 0 and 1.
  public var recovered: PromptValues {
    PromptValues(
      circuit.values.indices.map {
        (circuit.values[$0] - empty.values[$0]) / (full.values[$0] - empty.values[$0])
      })
  }
}
