import Engine
public import Graphs
import Tasks
import Tensors

/// AtP* (arXiv 2403.00745) for edges: EAP with two repairs, each of which can be taken alone.
///
/// *GradDrop* keeps effects that cancel along several ways from hiding: one backward pass for each layer l, through
/// which no gradient passes that layer's writes,
///
///     score(w → r) = 1/(L − 1) Σ_l |mean over prompts of EAP's score in pass l|
///
/// It is never negative. Readers of layer l score 0 in pass l; edges into `logits` are in all L passes. What takes a
/// write of every layer is lost: of a model of two layers, all that goes from one to the other.
///
/// The *QK fix* sees through saturated softmaxes: an edge into a query or key scores `⟨p − p′, ∂metric/∂p⟩`, where `p′`
/// is the pattern with the query, or key, recomputed from `norm(read − (a_w − ã_w))`.
///
/// Cost: two forward passes and a backward pass, with GradDrop one for each layer; with the QK fix, for each writer
/// also the attention of the layers that read it, twice. Memory beside EAP's: with GradDrop a matrix
/// `[writers, readers]` in Float64 for each layer.
public struct AtPStar: DiscoveryMethod {
  /// Whether layers are dropped from backward passes, one at a time.
  public let dropsGradients: Bool
  /// Whether patterns are recomputed for edges into queries and keys.
  public let fixesPatterns: Bool

  /// Chooses the repairs.
  public init(dropsGradients: Bool = true, fixesPatterns: Bool = true) {
    self.dropsGradients = dropsGradients
    self.fixesPatterns = fixesPatterns
  }

  /// Asks for a metric with a gradient on the clean run, and to drop layers for more than one of them.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    try problem.requireGradient(onCleanRun: true)
    let layers = problem.graph.layerCount
    guard layers > 1 || !dropsGradients else { throw .tooFewLayers(layers) }
    // A pattern is repaired head by head.
    guard !fixesPatterns || problem.graph.headCoupling != .inputs else {
      throw .unsupportedModel("a norm of the queries of all heads together")
    }
  }

  /// How far a run has come.
  private struct State: Codable {
    /// For each backward pass, sums over prompts `[writers, readers]`.
    var sums: [[Double]]
    var batch = 0
  }

  /// Scores every edge.
  ///
  /// - Throws: ``MethodError`` as ``check(_:)`` does, and ``MethodError/foreignState``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    try check(problem)
    let metric = try problem.requireGradient(onCleanRun: true)
    let held = dropsGradients ? (0..<problem.graph.layerCount).map(Optional.some) : [nil]
    let size = problem.graph.writerCount * problem.graph.readerCount
    let batches = batches(problem)
    var state =
      try run.restored(State.self) { state in
        state.sums.count == held.count && (0...batches.count).contains(state.batch)
          && state.sums.allSatisfy { $0.count == size && $0.allSatisfy(\.isFinite) }
      }
      ?? State(sums: [[Double]](repeating: [Double](repeating: 0, count: size), count: held.count))
    while state.batch < batches.count {
      run.progress(RunProgress("scoring edges", done: state.batch, total: batches.count))
      run.keep(state)
      add(batches[state.batch], problem, metric, holding: held, to: &state.sums)
      state.batch += 1
    }
    run.progress(RunProgress("scoring edges", done: batches.count, total: batches.count))
    guard dropsGradients else { return try problem.scores(state.sums[0]) }
    let magnitudes = (0..<size).map { place in state.sums.reduce(0) { $0 + abs($1[place]) } }
    return try problem.scores(magnitudes, termsPerPrompt: held.count - 1)
  }

  /// Smaller batches than EAP's where the gradients of several backward passes are held together.
  private func batches(_ problem: DiscoveryProblem) -> [PairBatch] {
    guard dropsGradients && fixesPatterns else { return problem.plainBatches.value }
    let (limit, count) = (problem.model.plainBatch, problem.graph.layerCount)
    return problem.task.batches(
      Transformer.BatchLimit(tokens: limit.tokens / count, prompts: limit.prompts),
      sharesStarts: problem.model.sharesStarts(under: problem.ablation))
  }

  private func add(
    _ batch: PairBatch, _ problem: DiscoveryProblem, _ metric: any DifferentiableMetric,
    holding held: [Int?], to sums: inout [[Double]]
  ) {
    let (graph, cache) = (problem.graph, batch.cache(problem.model))
    let run = PlainRun(problem.model, batch: batch.clean, cache: cache, isMeasuredOnly: true)
    let result = run.taped()
    let difference =
      result.writes
      - problem.ablationValues.writes(for: batch, cache: cache, isMeasuredOnly: true)
    let gradient = metric.measure(result.logits, of: batch).gradient
    var outputs: [[Tensor]] = []
    for (pass, layer) in held.enumerated() {
      let gradients = run.backward(gradient, result.tape, holding: layer)
      var own = Sums(count: graph.writerCount * graph.readerCount)
      run.contract(difference, with: gradients, graph: graph, into: &own)
      let values = own.values()
      for offset in graph.edgeOffsets where !isFixed(graph, offset) {
        sums[pass][offset] += values[offset]
      }
      if fixesPatterns {
        outputs.append(run.outputGradients(gradients, result.tape, holding: layer))
      }
    }
    guard fixesPatterns else { return }
    for (pass, effects) in run.patternEffects(difference, result, outputs, graph: graph)
      .enumerated()
    {
      for offset in graph.edgeOffsets where isFixed(graph, offset) {
        sums[pass][offset] += effects[offset]
      }
    }
  }

  /// Whether an edge's score comes from recomputed patterns.
  private func isFixed(_ graph: ComputationGraph, _ offset: Int) -> Bool {
    guard fixesPatterns, case .head(_, _, let projection) = graph.edge(at: offset).reader else {
      return false
    }
    return projection != .value
  }
}

extension AtPStar {
  static let dropEntry = MethodEntry(
    name: "graddrop", summary: "EAP in as many backward passes as layers, each without one of them",
    paper: "2403.00745", cost: "2 forward, 1 backward for each layer", bytes: { bytes($1) },
    passes: { PassCount(2, $1.graph.layerCount) },
    make: { _ in AtPStar(fixesPatterns: false) })

  static let entry = MethodEntry(
    name: "atp-star", summary: "graddrop, with patterns recomputed for edges into queries and keys",
    paper: "2403.00745", cost: "2 + writers forward, 1 backward for each layer",
    bytes: { bytes($1) },
    passes: { PassCount(2 + $1.graph.writerCount, $1.graph.layerCount) },
    make: { _ in AtPStar() })

  private static func bytes(_ problem: DiscoveryProblem) -> Int {
    8 * problem.graph.layerCount * problem.graph.writerCount * problem.graph.readerCount
  }
}
