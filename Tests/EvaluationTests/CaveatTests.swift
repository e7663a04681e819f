import Evaluation
import Tasks
import TestSupport
import Testing

/// Which numbers call for a caveat, and which just do not.
@Suite struct CaveatTests {
  private let metric = LogitDifference().name

  /// Four prompts, with a mean `noise` of `value` in each direction; full model 1, empty circuit 0.
  private func found(
    _ value: Double, noise: Double = 0, full: Double = 1, empty: Double = 0
  ) -> Faithfulness {
    let same = { PromptValues([Double](repeating: $0, count: 4)) }
    let circuit = empty + value * (full - empty)
    return Faithfulness(
      full: same(full), empty: same(empty),
      circuit: PromptValues([1, -1, 1, -1].map { circuit + $0 * noise }))
  }

  private func caveats(
    _ value: Double, noise: Double = 0, _ others: [(name: String, faithfulness: Faithfulness)] = [],
    inSample: Faithfulness? = nil
  ) -> [Caveat] {
    Caveat.all(
      by: metric, of: [(metric, found(value, noise: noise))] + others, inSample: inSample)
  }

  @Test func `a circuit like the model needs no caveat`() {
    let others = [
      ("kl", found(0.9, full: 0, empty: -2)), ("accuracy", found(0.95)),
      ("probability-difference", found(0.8)),
    ]
    #expect(caveats(0.85, others, inSample: found(0.86, noise: 0.1)).isEmpty)
    #expect(Caveat.all(by: "kl", of: [(metric, found(0.5))]).isEmpty)
  }

  /// The numbers of a real model's signed circuit.
  @Test func `a circuit that has the logit difference and nothing else`() {
    let found = caveats(
      0.85,
      [
        ("kl", found(-0.72, full: 0, empty: -2)), ("accuracy", found(0.5)),
        ("probability-difference", found(0)),
      ])
    #expect(
      found == [
        .unlikeModel(metric: metric, kept: 0.85, keptDivergence: -0.72),
        .lessAccurate(metric: metric, kept: 0.85, full: 1, circuit: 0.5),
        .unlikely(metric: metric, kept: 0.85, keptProbability: 0),
      ])
    #expect(
      found.map(\.description) == [
        """
        The circuit keeps 85 % of logit-difference, but its predictions are further from the full \
        model's than the empty circuit's are (kl: -72 %).
        """,
        """
        The circuit keeps 85 % of logit-difference, but answers 50 % of the prompts right where the \
        full model answers 100 %.
        """,
        "The circuit keeps 85 % of logit-difference, but 0 % of the probability difference.",
      ])
  }

  @Test(arguments: [(0.51, -0.01, true), (0.5, -0.01, false), (0.51, 0, false)])
  func `unlike the model: much of the metric, divergence below nothing`(
    kept: Double, divergence: Double, isCaveat: Bool
  ) {
    let found = caveats(kept, [("kl", found(divergence, full: 0, empty: -1))])
    #expect(!found.isEmpty == isCaveat, "\(found)")
  }

  @Test(arguments: [(0.51, 0.89, true), (0.5, 0.89, false), (0.51, 0.91, false)])
  func `less accurate: more than ten points`(kept: Double, accuracy: Double, isCaveat: Bool) {
    #expect(!caveats(kept, [("accuracy", found(accuracy))]).isEmpty == isCaveat)
  }

  @Test(arguments: [
    (0.8, 0.0, 0.39, true), (0.8, 0, 0.41, false), (-0.2, 0, -0.5, false),
    // A standard error of 0.4 / √3: the gap of 0.2 is no more than chance.
    (0.3, 0.4, 0.1, false),
  ]) func `unlikely: half of what is kept`(
    kept: Double, noise: Double, probability: Double, isCaveat: Bool
  ) {
    let found = caveats(kept, noise: noise, [("probability-difference", found(probability))])
    #expect(!found.isEmpty == isCaveat, "\(found)")
  }

  /// Errors of 0.03 and 0.04 are one of 0.05 together.
  @Test(arguments: [(0.11, true), (0.09, false), (-0.11, true), (-0.09, false)])
  func `unlike in sample: twice the combined error`(gap: Double, isCaveat: Bool) {
    let root = 3.0.squareRoot()
    let inSample = found(0.6 + gap, noise: 0.03 * root)
    let own = found(0.6, noise: 0.04 * root)
    let found = Caveat.all(by: metric, of: [(metric, own)], inSample: inSample)
    #expect(!found.isEmpty == isCaveat, "\(found)")
    let one = Faithfulness(
      full: PromptValues([1]), empty: PromptValues([0]), circuit: PromptValues([0.1]))
    #expect(Caveat.all(by: metric, of: [(metric, own)], inSample: one).isEmpty)
  }

  /// Below a tenth nothing is kept of which a part could be missed, and a hundredth is the digits shown.
  @Test func `what rounds to nothing is no caveat`() {
    let probability = [("probability-difference", found(0))]
    #expect(caveats(0.11, probability).count == 1 && caveats(0.09, probability).isEmpty)
    #expect(caveats(0.85, inSample: found(0.859)).isEmpty)
    #expect(caveats(0.85, inSample: found(0.861)).count == 1)
  }

  @Test func `beyond the model: above all of it by more than chance`() {
    #expect(caveats(1.3, noise: 0.1) == [.beyondModel(metric: metric, kept: 1.3)])
    #expect(caveats(1.1, noise: 0.1).isEmpty && caveats(1.005).isEmpty)
    #expect(caveats(1.02).count == 1)
  }

  @Test func `no ratio, no caveat`() {
    let same = found(1, full: 2, empty: 2)
    #expect(Caveat.all(by: metric, of: [(metric, same), ("accuracy", found(0))]).isEmpty)
    // A divergence of almost nothing in the empty circuit makes percentages without end.
    let huge = Caveat.unlikeModel(metric: metric, kept: 1e300, keptDivergence: -.infinity)
    #expect(huge.description.contains("inf"))
  }
}
