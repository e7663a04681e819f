import Evaluation
import Graphs
import Reports

extension CircuitEvaluation {
  /// The smallest circuit that keeps a share, or the most faithful one; nil when nothing tells circuits apart.
  ///
  /// - Parameters:
  ///   - share: The share of the metric.
  ///   - scores: The scores that edges are chosen by.
  ///   - selection: The only order that is tried, where it says one.
  ///   - listener: Is told how it goes on, and when no circuit keeps the share.
  /// - Returns: The circuit and what it does.
  func circuit(
    keeping share: Double, of scores: EdgeScores, _ selection: SelectionPlan,
    telling listener: ExperimentListener
  ) -> KeptCircuit? {
    let isOrdered = selection.ranking != nil || selection.order != nil
    let orders =
      isOrdered
      ? [EdgeOrder(selection.ranking ?? .magnitude, selection.order ?? .top)] : EdgeOrder.usual
    switch smallestCircuit(
      of: scores, keeping: share, orders: orders, progress: listener.progress)
    {
    case .found(let circuit): return circuit
    case .outOfReach(let best):
      listener.note(
        """
        note: no circuit that was measured keeps \(Numbers.percent(share)); this one keeps most of them.
        """)
      return best
    case .unranked, .untelling:
      listener.note(
        "note: nothing tells one circuit from another here, so none is the smallest that does it.")
      return nil
    }
  }
}

extension KeptCircuit {
  /// The choice that makes this circuit of its scores.
  var selection: CircuitSelection {
    CircuitSelection(
      .edges(edgeCount), ranking: order.ranking, order: order.order, prunes: true)
  }
}

extension CircuitSelection {
  /// Edges of a circuit whose size neither the user nor the prompts decide.
  static let usual = CircuitSelection(.edges(200))
}
