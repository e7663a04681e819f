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

  /// Whether all three measurements are numbers.
  public var isFinite: Bool { [full, empty, circuit].allSatisfy { $0.mean.isFinite } }

  /// `(m(C) − m(∅)) / (m(M) − m(∅))` of the means; not a number when full and empty are equal.
  public var value: Double {
    (circuit.mean - empty.mean) / (full.mean - empty.mean)
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
