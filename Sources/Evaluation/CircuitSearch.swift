public import Graphs
public import Tasks

/// What came of looking for the smallest circuit that keeps a share of the behaviour.
public enum CircuitSearch: Sendable {
  /// A circuit keeps the share.
  case found(KeptCircuit)
  /// No circuit that was measured keeps the share; the most faithful of them.
  case outOfReach(best: KeptCircuit)
  /// Full model and empty circuit do the same, so there is no behaviour of which to keep a share.
  case untelling(full: PromptValues, empty: PromptValues)
  /// All scores are equal, by every order that was to be tried: no edge comes before another.
  case unranked

  /// The circuit that keeps the share; nil when there is none.
  public var kept: KeptCircuit? {
    if case .found(let kept) = self { kept } else { nil }
  }
}

/// An order in which a circuit that grows takes up edges.
public struct EdgeOrder: Sendable, Equatable {
  /// What edges rank by.
  public var ranking: EdgeScores.Ranking
  /// Whether the best edge of all comes next, or the best into what reaches `logits` already.
  public var order: CircuitSelection.Order

  /// Describes an order.
  public init(_ ranking: EdgeScores.Ranking, _ order: CircuitSelection.Order = .top) {
    self.ranking = ranking
    self.order = order
  }

  /// The orders that are usual: signed, by magnitude, and greedily by magnitude as EAP-IG.
  public static let usual = [
    EdgeOrder(.signed), EdgeOrder(.magnitude), EdgeOrder(.magnitude, .greedy),
  ]
}

/// A circuit that was chosen for its size, and how sure it is.
public struct KeptCircuit: Sendable {
  /// The order by which its edges are the first.
  public let order: EdgeOrder
  /// How many edges were taken up.
  public let edgeCount: Int
  /// Those of them that lie on a path from `input` to `logits`: the circuit that was measured.
  public let circuit: Circuit
  /// The share that was to be kept.
  public let share: Double
  /// Its faithfulness on prompts drawn again; nil for one prompt.
  public let resampled: Bootstrap.Distribution?
  /// By the task's own metric, first, and by all others that the task allows.
  public let metrics: [(name: String, faithfulness: Faithfulness)]

  /// Takes what was measured; ``metrics`` start with the task's own.
  public init(
    order: EdgeOrder, edgeCount: Int, circuit: Circuit, share: Double,
    metrics: [(name: String, faithfulness: Faithfulness)], resampled: Bootstrap.Distribution?
  ) {
    precondition(!metrics.isEmpty, "a circuit that no metric measured")
    self.order = order
    self.edgeCount = edgeCount
    self.circuit = circuit
    self.share = share
    self.metrics = metrics
    self.resampled = resampled
  }

  /// What it does, by the task's own metric.
  public var faithfulness: Faithfulness { metrics[0].faithfulness }

  /// The range of its faithfulness on prompts drawn again.
  public var interval: ClosedRange<Double>? { resampled?.interval }

  /// How often the circuit keeps the share on prompts drawn again; nil for one prompt.
  ///
  /// About a half where the faithfulness is barely enough, as it often is for the smallest circuit.
  public var probability: Double? {
    resampled?.probability(atLeast: share - SizeSearch.rounding)
  }

  /// What its numbers do not say by themselves.
  ///
  /// - Parameter inSample: Its faithfulness on the prompts that it was found on.
  /// - Returns: Those that hold, none for most circuits that are like the model.
  public func caveats(inSample: Faithfulness? = nil) -> [Caveat] {
    Caveat.all(by: metrics[0].name, of: metrics, inSample: inSample)
  }
}

extension CircuitEvaluation {
  /// Looks for the smallest circuit that keeps a share of the task's metric.
  ///
  /// Circuits are the first edges of an order, pruned; edges with equal scores are taken up together. The
  /// faithfulness does not always grow with the size. So sizes 1, 4, 16 … are measured first, for all orders
  /// together, until one keeps the share; from there the gap to the size before, which does not, is
  /// halved until the two differ by less than 2 %. A smaller circuit that keeps the share may be missed where the
  /// faithfulness rises and falls again between two sizes. Of the orders the one with the smallest pruned
  /// circuit is taken, the first of equals; the others are given up as soon as they cannot be smaller.
  ///
  /// Circuit and faithfulness belong to the same prompts, so that the choice of the size is flattered by them a
  /// little: ``KeptCircuit/probability`` says how much hangs on it. Take prompts that the scores do not come from.
  ///
  /// - Parameters:
  ///   - scores: The scores that edges are chosen by.
  ///   - share: The faithfulness to reach, above 0: 0.85 for 85 %.
  ///   - orders: The orders that are tried.
  ///   - bootstrap: How prompts are drawn again.
  ///   - progress: Is told about every run.
  /// - Returns: The circuit, or why there is none.
  /// - Complexity: One pass over the prompts for each four of the first sizes, about 7 to halve the gap, each of a
  ///   masked run for each order and size; and one for the other metrics.
  public func smallestCircuit(
    of scores: EdgeScores, keeping share: Double, orders: [EdgeOrder] = EdgeOrder.usual,
    bootstrap: Bootstrap = Bootstrap(), progress: RunProgress.Handler = { _ in }
  ) -> CircuitSearch {
    precondition(share > 0 && share.isFinite, "a circuit that keeps a share of \(share)")
    let ladders = orders.compactMap { SizeLadder(scores, $0) }
    guard !ladders.isEmpty else { return .unranked }
    return withoutActuallyEscaping(progress) { progress in
      var search = SizeSearch(evaluation: self, share: share, progress: progress)
      let (best, isEnough) = search.best(of: ladders)
      guard best.faithfulness.isTelling else {
        return .untelling(full: best.faithfulness.full, empty: best.faithfulness.empty)
      }
      let kept = describe(best, share: share, bootstrap: bootstrap, progress: progress)
      return isEnough ? .found(kept) : .outOfReach(best: kept)
    }
  }

  /// Measures a circuit by all metrics.
  private func describe(
    _ step: SizeSearch.Step, share: Double, bootstrap: Bootstrap, progress: RunProgress.Handler
  ) -> KeptCircuit {
    let metrics = task.allowedMetrics
    let found = faithfulness(of: [step.circuit], by: metrics, progress: progress)[0]
    return KeptCircuit(
      order: step.order, edgeCount: step.edgeCount, circuit: step.circuit, share: share,
      metrics: zip(metrics, found).map { ($0.name, $1) },
      resampled: bootstrap.faithfulness(found[0]))
  }
}
