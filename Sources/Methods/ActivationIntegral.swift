public import Graphs
import Models
import Tasks

/// EAP-IG (activations): gradients averaged along a path of every module by itself (arXiv 2504.13151).
///
/// For each of `input`, the heads of each layer together, and each MLP, a run is given the module's write
/// `ã + α · (a − ã)` and computes everything else. All readers' gradients of all those runs are averaged:
/// `score(w → r) = ⟨a_w − ã_w, mean ∂metric/∂read(r)⟩`. The published points are α = k / steps for
/// k = 1 … steps.
///
/// Cost: two forward passes, and for each module and point a backward pass and what lies above the module of a
/// forward pass.
public struct ActivationIntegral: DiscoveryMethod {
  private let points: [Double]

  /// Chooses the points of the integral.
  ///
  /// - Parameters:
  ///   - steps: How many points, at least 1.
  ///   - rule: Where they lie.
  public init(steps: Int = 5, rule: AttributionPatching.Rule = .right) {
    precondition(steps > 0, "\(steps) steps")
    points = rule.points(steps)
  }

  /// How far a run has come: some batches, and some modules of the next one.
  private struct State: Codable {
    var sums: [Double]
    var batch = 0
    var module = 0
  }

  /// Asks for a metric with a gradient.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    try problem.requireGradient(onCleanRun: points == [1])
  }

  /// Scores every edge.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    try check(problem)
    let values = AblationValues(
      problem.ablation, task: problem.ablationTask, model: problem.model)
    let batches = problem.task.batches(problem.model.plainBatch)
    let moduleCount = 2 * problem.graph.layerCount + 1
    let size = problem.graph.writerCount * problem.graph.readerCount
    var state =
      try run.restored(State.self) { $0.sums.count == size && $0.module < moduleCount }
      ?? State(sums: [Double](repeating: 0, count: size))
    for (index, batch) in batches.enumerated() where index >= state.batch {
      let ablated = values.writes(for: batch)
      let plain = PlainRun(problem.model, batch: batch.clean)
      let clean = plain.forward(keepsTape: true)
      let difference = clean.writes - ablated
      let reference = ReferenceLogits(clean.logits)
      for module in state.module..<moduleCount {
        (state.batch, state.module) = (index, module)
        run.keep(state)
        run.progress(
          RunProgress(
            "scoring edges", done: index * moduleCount + module,
            total: batches.count * moduleCount))
        for point in points {
          let given = given(module, Float(point), ablated, difference)
          let result = plain.forward(given: given, from: clean, keepsTape: true)
          guard let tape = result.tape else { continue }
          let gradient = problem.task.metric.measure(
            result.logits, of: batch, reference: reference
          ).gradient
          plain.contract(
            difference, with: plain.backward(gradient, tape, given: given), graph: problem.graph,
            into: &state.sums)
        }
      }
      state.module = 0
    }
    run.progress(RunProgress("scoring edges", done: 1, total: 1))
    return try problem.scores(state.sums, termsPerPrompt: points.count * moduleCount)
  }

  /// The write of a module, counted as writers are, somewhere between ablated and clean.
  private func given(
    _ module: Int, _ point: Float, _ ablated: CompactWrites, _ difference: CompactWrites
  ) -> PlainRun.GivenWrite {
    guard module > 0 else {
      return .input(ablated.input.moved(by: point, along: difference.input))
    }
    let (layer, isMLP) = ((module - 1) / 2, module % 2 == 0)
    return isMLP
      ? .mlp(ablated.mlps[layer].moved(by: point, along: difference.mlps[layer]), layer: layer)
      : .heads(ablated.heads[layer].moved(by: point, along: difference.heads[layer]), layer: layer)
  }
}
