import Engine
public import Graphs
public import Tasks
import Tensors

extension AttributionPatching {
  /// Scores every edge at each span of the prompts: position-aware edge attribution patching (PEAP, arXiv 2502.04577),
  /// for edges that stay at their position.
  ///
  /// An edge's score at a span sums over the span's tokens alone, so that those of all spans add up to its score. How far
  /// it has come is not kept.
  ///
  /// - Parameters:
  ///   - problem: The model, task, graph and ablation.
  ///   - spans: The spans of the task's prompts.
  ///   - run: Is told about progress.
  /// - Returns: Scores at each span.
  /// - Throws: ``MethodError`` as for all tokens.
  /// - Complexity: That of all tokens; memory beside it for each span a matrix `[writers, readers]` in Float64.
  public func spanScores(
    for problem: DiscoveryProblem, at spans: PromptSpans, run: MethodRun = MethodRun()
  ) throws(MethodError) -> SpanScores {
    let metric = try requireGradient(problem)
    let batches = batches(problem)
    let size = problem.graph.writerCount * problem.graph.readerCount
    var sums = [Sums](repeating: Sums(count: size), count: spans.names.count)
    var first = 0
    for (index, batch) in batches.enumerated() {
      run.progress(RunProgress("scoring spans", done: index, total: batches.count))
      let runs = runs(batch, problem, metric)
      let tokens = spans.tokens(of: batch, from: first)
      for module in 0..<moduleCount(problem.graph) {
        runs.contract(module: module, tokens) { sums[$0].add($1) }
      }
      first += batch.promptCount
    }
    run.progress(RunProgress("scoring spans", done: batches.count, total: batches.count))
    var parts: [EdgeScores] = []
    for sums in sums {
      parts.append(
        try problem.scores(sums.values(), termsPerPrompt: termCount(problem.graph)))
    }
    return SpanScores(names: spans.names, parts: parts)
  }

  /// What each head carries from span to span: the crossing edges of PEAP.
  ///
  /// Keys, or values, of a source span are replaced by ablated ones for the queries of a target span; the change of the
  /// head's output there, with its pattern recomputed, is multiplied with the gradient at it on the clean run. All of a
  /// span's tokens are replaced together.
  ///
  /// - Parameters:
  ///   - problem: The model, task, graph and ablation.
  ///   - spans: The spans of the task's prompts.
  ///   - run: Is told about progress.
  /// - Returns: Means over prompts, those of zero left out, by magnitude.
  /// - Throws: ``MethodError`` when the metric has no gradient on the clean run, or numbers overflow.
  /// - Complexity: Two forward passes, a backward pass and for each span the attention of all layers, twice.
  public static func crossings(
    for problem: DiscoveryProblem, at spans: PromptSpans, run: MethodRun = MethodRun()
  ) throws(MethodError) -> [SpanCrossing] {
    let metric = try problem.requireGradient(onCleanRun: true)
    let (model, count) = (problem.model, spans.names.count)
    let (layers, heads) = (problem.graph.layerCount, problem.graph.headCount)
    var sums = [Double](repeating: 0, count: layers * heads * 2 * count * count)
    let batches = problem.plainBatches.value
    var first = 0
    for (index, batch) in batches.enumerated() {
      run.progress(RunProgress("following attention", done: index, total: batches.count))
      let cache = batch.cache(model)
      let plain = PlainRun(model, batch: batch.clean, cache: cache)
      let result = plain.taped()
      let gradients = plain.backward(
        metric.measure(result.logits, of: batch).gradient, result.tape)
      let ablated = AblatedStream(
        problem.ablationValues.writes(for: batch, cache: cache), model: model)
      let own = plain.crossings(
        result, gradients, ablated: ablated, segments: spans.segments(of: batch, from: first),
        count: count)
      for (place, value) in own.enumerated() { sums[place] += value }
      first += batch.promptCount
    }
    run.progress(RunProgress("following attention", done: batches.count, total: batches.count))
    guard sums.allSatisfy(\.isFinite) else { throw .notFinite }
    let found = sums.enumerated().filter { $0.element != 0 }
      .sorted { (abs($1.element), $0.offset) < (abs($0.element), $1.offset) }
    return found.map { place, sum in
      let (pair, target) = place.quotientAndRemainder(dividingBy: count)
      let (kind, source) = pair.quotientAndRemainder(dividingBy: count)
      let (head, projection) = kind.quotientAndRemainder(dividingBy: 2)
      return SpanCrossing(
        head: .head(layer: head / heads, index: head % heads),
        projection: projection == 0 ? .key : .value, source: spans.names[source],
        target: spans.names[target], score: sum / Double(problem.task.pairs.count))
    }
  }
}

extension AttributionPatching {
  static let spanEntry = MethodEntry(
    name: "peap", summary: "EAP at each span of the prompts, and what heads carry between spans",
    paper: "2502.04577", cost: "4 forward, 2 backward", isPositional: true,
    passes: { _, _ in PassCount(4, 2) }, make: { _ in plain })
}
