import Engine
import Evaluation
import Graphs
import Methods
import Reports
import Tasks

/// The circuit that a discovery makes of its scores, and what it does.
struct CircuitChoice {
  let circuit: Circuit
  let ranking: EdgeScores.Ranking
  /// The order in which edges were taken up.
  let order: CircuitSelection.Order
  let measured: DiscoveryReport.Measured

  /// The share of the metric that a circuit keeps when nothing else is said.
  static let usualShare = 0.85

  /// Chooses and measures.
  ///
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  init(
    _ scores: EdgeScores, _ run: PreparedDiscovery, _ weights: WeightMask?,
    _ listener: ExperimentListener
  ) throws {
    let plan = run.plan.selection
    if plan.size == nil, plan.keep != nil || run.method.ownCircuit == nil {
      let share = plan.keep ?? Self.usualShare
      if let found = try Self.search(scores, share, run, weights, listener) {
        self = found
        return
      }
    }
    var selection = plan.selection(default: run.method.ownCircuit ?? .usual)
    if !scores.tellsEdgesApart(by: selection.ranking),
      selection.isPick(of: scores.graph.edgeCount)
    {
      listener.note(
        "warning: all edges score the same, so none is chosen before another: the circuit has no edges."
      )
      selection.size = .edges(0)
    }
    if case .edges(let count) = selection.size, count > scores.graph.edgeCount {
      listener.note(
        """
        note: the graph has only \(Numbers.count(scores.graph.edgeCount)) edges, fewer than the \
        \(Numbers.count(count)) that were asked for: all are kept.
        """)
    }
    if let note = scores.tieNote(at: selection) { listener.note(note) }
    circuit = scores.circuit(selection)
    ranking = selection.ranking
    order = selection.order
    let metrics = run.made.task.allowedMetrics
    let evaluation = run.evaluation(on: run.made.task, weights)
    let found = evaluation.faithfulness(
      of: [circuit], by: metrics, progress: listener.progress)[0]
    measured = DiscoveryReport.Measured(
      prompts: run.made.description, isHeldOut: false, size: nil,
      metrics: zip(metrics, found).map { ($0.name, $1) },
      nodes: evaluation.nodes(of: circuit.pruned(), scores: scores, progress: listener.progress))
    try measured.requireNumbers(of: run.loaded.model, on: run.made.task, listener)
  }

  private init(
    circuit: Circuit, order: EdgeOrder, measured: DiscoveryReport.Measured
  ) {
    self.circuit = circuit
    ranking = order.ranking
    self.order = order.order
    self.measured = measured
  }

  /// The smallest circuit that keeps a share, or the most faithful one; nil when nothing tells circuits apart.
  private static func search(
    _ scores: EdgeScores, _ share: Double, _ run: PreparedDiscovery, _ weights: WeightMask?,
    _ listener: ExperimentListener
  ) throws -> CircuitChoice? {
    let prompts = try run.plan.task.evaluated(
      besides: run.made, for: run.loaded, method: run.plan.method.method)
    let evaluation = run.evaluation(on: prompts.task, weights)
    let kept = evaluation.circuit(
      keeping: share, of: scores, run.plan.selection, telling: listener)
    guard let kept else { return nil }
    let own = run.evaluation(on: run.made.task, weights)
    let inSample =
      prompts.isHeldOut
      ? own.faithfulness(of: kept.circuit, progress: listener.progress) : nil
    let measured = DiscoveryReport.Measured(
      prompts: prompts.description, isHeldOut: prompts.isHeldOut, size: kept,
      metrics: kept.metrics, inSample: inSample,
      nodes: evaluation.nodes(
        of: kept.circuit.pruned(), scores: scores, progress: listener.progress))
    try measured.requireNumbers(of: run.loaded.model, on: prompts.task, listener)
    return CircuitChoice(circuit: kept.circuit, order: kept.order, measured: measured)
  }
}

extension CircuitSelection {
  /// Whether only some of so many edges are taken, by their rank.
  fileprivate func isPick(of edgeCount: Int) -> Bool {
    switch size {
    case .edges(let count): count > 0 && (count < edgeCount || self == .usual)
    case .fraction(let share): share > 0 && share < 1
    case .nodes: true
    case .threshold: false
    }
  }
}

extension EdgeScores {
  /// What is to be said when edges that are left out score as the last one that is kept; nil when none do.
  fileprivate func tieNote(at selection: CircuitSelection) -> String? {
    let count: Int
    switch selection.size {
    case .edges(let number): count = number
    case .fraction(let share): count = graph.edgeCount(share: share)
    case .threshold, .nodes: return nil
    }
    guard selection.order == .top, selection.positiveShare == nil, count > 0,
      count < graph.edgeCount
    else { return nil }
    let keys = ranked(by: selection.ranking).map { key($0, selection.ranking) }
    guard keys[count] == keys[count - 1] else { return nil }
    let (kept, all) = (keys.prefix(count), keys.count { $0 == keys[count] })
    return """
      note: \(Numbers.count(all)) edges score \(Numbers.short(Double(keys[count]))), and \
      \(Numbers.count(kept.count { $0 == keys[count] })) of them are kept: which ones is the order of the graph and no \
      ranking.
      """
  }
}

extension PreparedDiscovery {
  /// What a circuit that was found does on prompts that it was not found on; on those where there are no others.
  ///
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  func unseen(_ found: Discovery, telling listener: ExperimentListener) throws
    -> UnseenMeasure
  {
    let prompts = try plan.task.evaluated(besides: made, for: loaded, method: plan.method.method)
    let report = found.report
    guard prompts.isHeldOut, !report.measured.isHeldOut else {
      return UnseenMeasure(
        faithfulness: report.faithfulness, prompts: report.measured.prompts,
        isHeldOut: report.measured.isHeldOut)
    }
    let weights = try WeightMask(in: found.attachments, of: loaded.model)
    let measured = evaluation(on: prompts.task, weights).faithfulness(
      of: report.circuit, progress: listener.progress)
    try measured.requireNumbers(of: loaded.model, on: prompts.task)
    return UnseenMeasure(faithfulness: measured, prompts: prompts.description, isHeldOut: true)
  }

  /// Measures circuits on some prompts, with the plan's ablation and the weights that are kept.
  func evaluation(
    on task: CircuitTask, _ weights: WeightMask?
  ) -> CircuitEvaluation {
    CircuitEvaluation(
      model: loaded.model, task: task, scheme: AblationScheme(plan.ablation), weights: weights)
  }
}

extension DiscoveryReport.Measured {
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  fileprivate func requireNumbers(
    of model: Transformer, on task: CircuitTask, _ listener: ExperimentListener
  ) throws {
    try faithfulness.requireNumbers(of: model, on: task)
    if let warning = faithfulness.warning { listener.note(warning) }
  }
}
