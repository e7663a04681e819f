import Engine
import Graphs
import Tensors

extension AttributionPatching {
  /// CEAP (conductance edge attribution patching, arXiv 2606.16920): the effect is added up along the way from the
  /// ablated to the clean input, each writer's change by the gradient where it happens.
  ///
  ///     score(w → r) = Σ_k ⟨a_w(k/m) − a_w((k−1)/m), ∂metric/∂read(r) at k/m⟩,   k = 1 … m
  ///
  /// with the writes and gradients of the runs whose input lies at `k/m` of the way. At the *start* of each increment,
  /// the paper's form, the gradient is that at `(k−1)/m`. One step with the gradient at the end is EAP.
  ///
  /// Cost: EAP-IG's; at the start as many passes.
  ///
  /// - Parameters:
  ///   - steps: How many increments, m, at least 1.
  ///   - side: Where on each increment the gradient is taken.
  /// - Returns: The method.
  public static func conductance(steps: Int = 5, at side: Side = .end) -> AttributionPatching {
    precondition(steps > 0, "\(steps) steps")
    let rule: Rule = side == .end ? .right : .left
    return AttributionPatching(points: rule.points(steps), terms: .increments(side))
  }

  /// An end of an increment.
  public enum Side: String, Sendable, CaseIterable {
    /// Nearer to the clean input, as in public code.
    case end
    /// Nearer to the ablated one, as in the paper.
    case start
  }

  private static let side = MethodOption.choice(
    "at", "where on each increment the gradient is taken", standard: Side.end)

  static let conductanceEntry = MethodEntry(
    name: "ceap",
    summary: "EAP along the input, each writer's change by the gradient where it happens",
    paper: "2606.16920", cost: "2 + steps forward, steps backward", options: [steps, side],
    integratesInputs: true,
    passes: { options, _ in PassCount(2 + options[steps], options[steps]) },
    make: { conductance(steps: $0[steps], at: $0[side]) })
}

extension PathRuns {
  /// Hands out the terms of each increment that has its gradient at one of some ascending, neighbouring points.
  func contractIncrements(
    _ side: AttributionPatching.Side, at points: [Double], _ segments: [[Range<Int>]],
    add: (_ segment: Int, _ terms: Tensor) -> Void
  ) {
    let ends = side == .end ? [0] + points : points + [1]
    var start = taped(at: ends[0])
    for end in ends.dropFirst() {
      let next = taped(at: end)
      contract(
        next.writes - start.writes, with: [gradients(side == .end ? next : start)], segments,
        add: add)
      start = next
    }
  }
}
