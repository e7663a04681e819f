public import Graphs
public import Tasks
import Tensors

/// Whether a circuit stays like the model when parts of it are knocked out.
///
/// A complete circuit `C` has all that the model `M` uses, so that after the knockout of any part `K`
/// of it both do the same: `m(C \ K) ≈ m(M \ K)` (Wang et al., arXiv 2211.00593).
public struct Completeness: Sendable, Equatable {
  /// One part that was knocked out.
  public struct Knockout: Sendable, Equatable {
    /// How many of the circuit's edges, or nodes, were ablated.
    public let partCount: Int
    /// The metric of what is left of the circuit, `m(C \ K)`.
    public let circuit: PromptValues
    /// The metric of what is left of the model, `m(M \ K)`.
    public let model: PromptValues

    /// Takes what was measured.
    public init(partCount: Int, circuit: PromptValues, model: PromptValues) {
      self.partCount = partCount
      self.circuit = circuit
      self.model = model
    }

    /// `m(C \ K) − m(M \ K)` of the means.
    public var difference: Double { circuit.mean - model.mean }
  }

  /// Random halves of the circuit.
  public let halves: [Knockout]
  /// The whole circuit: what the model does without it, beside the empty circuit.
  public let whole: Knockout
  /// The metric of the full model.
  public let full: PromptValues
  /// The metric with every edge ablated.
  public let empty: PromptValues

  /// Takes what was measured.
  public init(
    halves: [Knockout], whole: Knockout, full: PromptValues, empty: PromptValues
  ) {
    self.halves = halves
    self.whole = whole
    self.full = full
    self.empty = empty
  }

  /// The mean of `|m(C \ K) − m(M \ K)|` over the random halves, as a share of `|m(M) − m(∅)|`; 0 at best.
  public var incompleteness: Double {
    halves.reduce(0) { $0 + abs($1.difference) } / Double(halves.count)
      / abs(full.mean - empty.mean)
  }

  /// How faithful the model is without the circuit; near 0 when nothing else does the work.
  public var withoutCircuit: Faithfulness {
    Faithfulness(full: full, empty: empty, circuit: whole.model)
  }
}

extension CircuitEvaluation {
  /// Knocks out random halves of a circuit, and all of it, in the circuit and in the model.
  ///
  /// Halves are of edges or of heads and MLPs, as the scheme's granularity says; each is in or out with even
  /// odds.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph.
  ///   - count: How many random halves.
  ///   - seed: Where random choices start.
  ///   - progress: Is told about every run.
  /// - Returns: What is left, by the task's own metric.
  /// - Complexity: Two masked passes for each knockout.
  public func completeness(
    of circuit: Circuit, halves count: Int = 10, seed: UInt64 = 0,
    progress: RunProgress.Handler = { _ in }
  ) -> Completeness {
    var generator = SeededGenerator(seed: seed)
    let (kept, parts) = (scheme.edges(of: circuit), scheme.parts(of: circuit))
    let knockedOut =
      [parts] + (0..<count).map { _ in parts.filter { _ in Bool.random(using: &generator) } }
    let interventions = knockedOut.flatMap { parts in
      let cut = circuit.union(of: parts.map(\.edges))
      return [scheme.keeping(kept.subtracting(cut)), scheme.keeping(cut.complement)]
    }
    let measured = runs.measure(
      [scheme.everyEdge(of: circuit.graph)] + interventions, by: [task.metric],
      progress: progress)
    let values = measured.values.map { $0[0] }
    let knockouts = knockedOut.enumerated().map { index, parts in
      Completeness.Knockout(
        partCount: parts.count, circuit: values[1 + 2 * index], model: values[2 + 2 * index])
    }
    return Completeness(
      halves: Array(knockouts.dropFirst()), whole: knockouts[0], full: measured.full[0],
      empty: values[0])
  }
}
