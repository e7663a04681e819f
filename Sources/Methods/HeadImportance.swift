import Engine
public import Graphs
import Tasks
import Tensors

/// Head importance scores for pruning (HISP, arXiv 1905.10650), as ACDC compares with them.
///
/// `score(node) = Σ_prompts |⟨value, ∂metric/∂value⟩|` for the query, key and value of each head and for each
/// MLP's write, divided by the Euclidean norm of its layer's scores. Edges get the lower score of their ends.
/// The product is with the value itself, so the ablation is zero, whatever the problem's.
///
/// By edges instead, `score(w → r) = Σ_prompts |⟨a_w, ∂metric/∂read(r)⟩|`, divided by the norm of its reader's
/// layer. Cost: one forward and one backward pass.
public struct HeadImportance: DiscoveryMethod {
  /// What is scored.
  public let level: MaskLevel

  /// Chooses what is scored.
  public init(level: MaskLevel = .nodes) { self.level = level }

  /// Asks for a metric with a gradient on the clean prompts.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    try problem.requireGradient(onCleanRun: true)
  }

  /// Scores every edge.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient, or none on the clean prompts.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let graph = problem.graph
    let metric = try problem.requireGradient(onCleanRun: true)
    let count = level == .nodes ? graph.logitsReader : graph.writerCount * graph.readerCount
    var sums = [Double](repeating: 0, count: count)
    // Values themselves count, so every token does.
    let batches = problem.task.batches(problem.model.plainBatch)
    for (index, batch) in batches.enumerated() {
      run.progress(RunProgress("scoring nodes", done: index, total: batches.count))
      add(batch, problem, metric, to: &sums)
    }
    run.progress(RunProgress("scoring nodes", done: batches.count, total: batches.count))
    guard sums.allSatisfy(\.isFinite) else { throw .notFinite }
    let scores = normalized(sums, graph)
    return level == .nodes
      ? EdgeScores(nodes: scores, graph: graph) : EdgeScores(scores, graph: graph)
  }

  private func add(
    _ batch: PairBatch, _ problem: DiscoveryProblem, _ metric: any DifferentiableMetric,
    to sums: inout [Double]
  ) {
    let plain = PlainRun(problem.model, batch: batch.clean)
    let result = plain.taped()
    let gradient = metric.measure(result.logits, of: batch).gradient
    let gradients = plain.backward(gradient, result.tape)
    let prompts = batch.clean.prompts
    switch level {
    case .nodes:
      let products = plain.nodeProducts(result, gradients, graph: problem.graph)
      for node in sums.indices {
        let row = products.row(node)
        for prompt in prompts { sums[node] += abs(row[prompt].reduce(0.0) { $0 + Double($1) }) }
      }
    case .edges:
      // A prompt's sign is lost, so each is contracted by itself.
      var own = [Sums](repeating: Sums(count: sums.count), count: prompts.count)
      plain.contract(
        result.writes, with: [gradients], graph: problem.graph, segments: prompts.map { [$0] }
      ) { own[$0].add($1) }
      for prompt in own {
        let values = prompt.values()
        for offset in problem.graph.edgeOffsets { sums[offset] += abs(values[offset]) }
      }
    }
  }

  /// Divides by the Euclidean norm of each layer's scores.
  private func normalized(_ sums: [Double], _ graph: ComputationGraph) -> [Float] {
    var norms = [Double](repeating: 0, count: graph.layerCount + 1)
    let layer = { (place: Int) in graph.layer(ofReader: place % graph.readerCount) }
    for (place, sum) in sums.enumerated() { norms[layer(place)] += sum * sum }
    return sums.enumerated().map { place, sum in
      let norm = norms[layer(place)].squareRoot()
      return Float(norm > 0 ? sum / norm : 0)
    }
  }
}

extension HeadImportance {
  static let nodeEntry = entry(
    "hisp", "head importance scores: value · gradient of nodes", level: .nodes)
  static let edgeEntry = entry("hisp-edges", "head importance scores of edges", level: .edges)

  private static func entry(
    _ name: String, _ summary: String, level: MaskLevel
  ) -> MethodEntry {
    MethodEntry(
      name: name, summary: summary, paper: "1905.10650", cost: "1 forward, 1 backward",
      scoresEffects: false,
      passes: { _, _ in PassCount(1, 1) }, make: { _ in HeadImportance(level: level) })
  }
}
