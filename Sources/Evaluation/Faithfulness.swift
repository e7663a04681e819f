/// How much of a behaviour is left when edges are ablated.
public struct Faithfulness: Sendable, Equatable {
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
  public var isTelling: Bool {
    abs(full.mean - empty.mean) > max(1e-3 * max(abs(full.mean), abs(empty.mean)), 1e-6)
  }

  /// `(m(C) − m(∅)) / (m(M) − m(∅))` of the means; NaN unless ``isTelling``.
  public var value: Double {
    isTelling ? (circuit.mean - empty.mean) / (full.mean - empty.mean) : .nan
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
