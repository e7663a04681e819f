import Engine
import Evaluation
import Files
import Foundation
import Graphs
import Methods
import Reports
import Tasks
import Tensors

extension PreparedDiscovery {
  /// Refuses what cannot be done at spans.
  ///
  /// - Throws: ``ExperimentError``, and `TaskError` when the prompts cannot be cut so.
  func checkSpans() throws {
    guard let choice = plan.spans else { return }
    guard method is AttributionPatching else {
      throw ExperimentError(
        """
        \(plan.method.name) has no scores at spans of the prompts: leave out --spans, or take peap, eap, eap-ig or \
        another form of attribution patching.
        """)
    }
    guard !plan.perPrompt else {
      throw ExperimentError("--per-prompt and --spans do not go together: leave one out.")
    }
    _ = try PromptSpans(choice, of: made.task)
  }

  /// What scores at spans take beside the rest.
  var spanBytes: Int {
    guard let choice = plan.spans, let spans = try? PromptSpans(choice, of: made.task) else {
      return 0
    }
    return 16 * spans.names.count * problem.graph.writerCount * problem.graph.readerCount
  }

  /// The scores of edges at each span; nil when they are not asked for.
  func spanScores(_ run: MethodRun) throws -> SpanScores? {
    guard let choice = plan.spans, let method = method as? AttributionPatching else { return nil }
    let spans = try PromptSpans(choice, of: made.task)
    return try explained { () throws(MethodError) in
      try method.spanScores(for: problem, at: spans, run: run)
    }
  }

  /// A circuit at spans of as many edges as the run's, and what circuits of several sizes do.
  ///
  /// - Parameters:
  ///   - scores: The scores at each span.
  ///   - chosen: The run's circuit.
  ///   - listener: Is told how it goes on.
  /// - Returns: What is found.
  /// - Throws: What keeps other prompts from being made or cut into the same spans.
  func spanReport(
    _ scores: SpanScores, _ chosen: CircuitChoice, _ listener: ExperimentListener
  ) throws -> SpanReport? {
    guard let choice = plan.spans else { return nil }
    let own = try PromptSpans(choice, of: made.task)
    let others = try plan.task.evaluated(besides: made, for: loaded, method: plan.method.method)
    let spans = try PromptSpans(choice, of: others.task, names: scores.names)
    let count = max(chosen.circuit.edgeCount, 1)
    let counts = Self.sizes(around: count, spans: scores.names.count, of: problem.graph)
    let positioned = scores.circuits(sizes: counts, by: chosen.ranking)
    let whole = counts.map { $0 / scores.names.count }
    let total = scores.total
    let found = evaluation(on: others.task, nil).faithfulness(
      of: positioned, and: total.circuits(edgeCounts: whole, by: chosen.ranking), at: spans,
      progress: listener.progress)
    let sizes = counts.indices.map {
      SpanReport.Size(
        edgeCount: counts[$0], positioned: found[$0], wholeCount: whole[$0],
        whole: found[counts.count + $0])
    }
    return SpanReport(
      scores: scores, ranking: chosen.ranking,
      circuit: scores.circuits(sizes: [count], by: chosen.ranking)[0],
      examples: examples(of: own), sizes: sizes, prompts: others.description,
      isHeldOut: others.isHeldOut, crossings: try crossings(own, listener))
  }

  /// A circuit's size, a half and a quarter of it, and each twice the one before up to the circuit at all spans.
  private static func sizes(around count: Int, spans: Int, of graph: ComputationGraph) -> [Int] {
    let most = min(count, graph.edgeCount) * spans
    var sizes = [count / 4, count / 2].filter { $0 > 0 }
    var size = count
    while size < most {
      sizes.append(size)
      size *= 2
    }
    return sizes + [most]
  }

  /// What heads carry between spans; nothing where the metric has no gradient on the clean run.
  private func crossings(
    _ spans: PromptSpans, _ listener: ExperimentListener
  ) throws -> [SpanCrossing] {
    guard (try? AttributionPatching.plain.check(problem)) != nil else {
      listener.note(
        """
        note: what heads carry between spans is told by a gradient on the clean run, which \
        \(made.task.metric.name) does not have.
        """)
      return []
    }
    return try explained { () throws(MethodError) in
      try AttributionPatching.crossings(
        for: problem, at: spans, run: MethodRun(progress: listener.progress))
    }
  }

  /// What stands at each span of the first prompt that has it, as text, or tokens without a tokenizer.
  private func examples(of spans: PromptSpans) -> [String] {
    spans.names.indices.map { span in
      let tokens = zip(made.task.pairs, spans.places).lazy.map { pair, places in
        zip(pair.clean, places).filter { $1 == span }.map(\.0)
      }.first { !$0.isEmpty }
      guard let tokens else { return "" }
      let text =
        loaded.model.tokenizer?.decode(tokens) ?? tokens.map(String.init).joined(separator: " ")
      return text.count > Self.longestExample
        ? text.prefix(Self.longestExample - 1) + "…" : text
    }
  }

  private static let longestExample = 24
}

extension Discovery {
  /// The files that tell of spans, by name: none when they were not asked for.
  func spanFiles() throws -> [String: Data] {
    guard let spans = report.spans else { return [:] }
    let drawing = spans.drawing(
      title: "\(report.heading.task) in \(report.heading.model), at spans of its prompts",
      caption: report.heading.method)
    let texts = [
      "span-edges.csv": spans.edges, "span-curve.csv": spans.curve,
      "span-crossings.csv": spans.crossingList,
    ].merging(drawing.figure.files(named: "span-circuit")) { $1 }
    var files = texts.mapValues { Data($0.utf8) }
    files["span-scores.safetensors"] = try PromptScores.safetensors(
      spans.scores.parts, named: spans.scores.names, method: report.heading.method,
      metric: report.heading.metric)
    return files
  }
}
