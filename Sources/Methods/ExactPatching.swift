public import Graphs
import Models
public import Tasks

/// Activation patching of edges one at a time: the true rise of the loss that EAP estimates.
///
/// `score(w → r) = metric(all edges intact) − metric(only w → r ablated)`, averaged over prompts.
/// Cost: for each edge what lies above its reader of one masked forward pass.
public struct ExactPatching: DiscoveryMethod {
  /// The edges to patch; nil for all.
  public let edges: [Edge]?

  /// Chooses the edges.
  ///
  /// - Parameter edges: Edges of the problem's graph; nil for all. Others keep the score 0.
  public init(edges: [Edge]? = nil) { self.edges = edges }

  /// Scores the chosen edges.
  ///
  /// - Throws: ``MethodError/notFinite`` when the model's numbers overflow.
  public func scores(
    for problem: DiscoveryProblem, progress: RunProgress.Handler = { _ in }
  ) throws(MethodError) -> EdgeScores {
    let graph = problem.graph
    let offsets = edges?.compactMap(graph.offset(of:)) ?? graph.edgeOffsets
    let values = AblationValues(
      problem.ablation, task: problem.ablationTask, model: problem.model)
    var sums = [Double](repeating: 0, count: graph.writerCount * graph.readerCount)
    let batches = problem.task.batches(
      problem.model.maskedBatch(withGradients: false))
    var done = 0
    var mask = EdgeMask(1, graph: graph)
    for batch in batches {
      let ablated = AblatedStream(values.writes(for: batch), model: problem.model)
      let full = PlainRun(problem.model, batch: batch.clean).forward(keepsTape: true)
      guard let tape = full.tape else { preconditionFailure("a run that kept no tape") }
      let intactState = MaskedState(
        intact: tape, writes: full.writes, ablated: ablated, graph: graph, model: problem.model)
      let metric = { (logits) in
        problem.task.metric.evaluate(
          MetricInput(logits: logits, batch: batch, reference: full.logits)
        ).values.reduce(0, +)
      }
      let intact = metric(full.logits)
      for offset in offsets {
        progress(
          RunProgress("patching edges", done: done, total: offsets.count * batches.count))
        let edge = graph.edge(at: offset)
        mask[edge] = 0
        defer { mask[edge] = 1 }
        let run = MaskedRun(problem.model, batch: batch.clean, mask: mask, ablated: ablated)
        sums[offset] += intact - metric(run.forward(from: intactState).logits)
        done += 1
      }
    }
    progress(RunProgress("patching edges", done: done, total: done))
    return try problem.scores(sums)
  }
}
