import Edgewise

/// Methods that test edges one by one, against one full forward pass for each edge.
enum PatchingBenchmark {
  /// All edges of a model of 4 layers, 8 heads and width 256 with GPT-2's vocabulary, on 8 prompts of 16 tokens.
  static func small() {
    let model = Workload.model(layers: 4, heads: 8, width: 256)
    let task = Workload.task(for: model, prompts: 8)
    let forward = forward(model, task)
    print(
      """
      4 layers, 8 heads, width 256, 8 prompts × 16 tokens, \(Numbers.count(model.graph.edgeCount)) edges
      one full forward pass                      \(Numbers.fixed(1000 * forward, 1)) ms
      """)
    for metric in [LogitDifference() as any Metric, Divergence.kl] {
      let task = Workload.task(for: model, prompts: 8, metric: metric)
      let problem = DiscoveryProblem(model: model, task: task)
      let exact = shortest(of: 1) { _ = try? ExactPatching().scores(for: problem) }
      report("exact patching, \(metric.name)", exact, problem, forward)
      acdc(problem, forward)
    }
  }

  /// ACDC at a threshold that keeps about a tenth of the edges, with speculation and without.
  private static func acdc(_ problem: DiscoveryProblem, _ forward: Double) {
    guard let exact = try? AttributionPatching.integrated().scores(for: problem) else { return }
    let rank = exact.ranked(by: .signed)[problem.graph.edgeCount / 10]
    let threshold = Double(max(exact.values[rank], 1e-7))
    var kept = 0
    let together = shortest(of: 1) {
      let scores = try? ACDC(thresholds: [threshold]).scores(for: problem)
      kept = scores?.values.count { $0 != 0 } ?? 0
    }
    let alone = shortest(of: 1) {
      _ = try? ACDC([threshold], false, widest: 1).scores(for: problem)
    }
    report(
      "ACDC, \(problem.task.metric.name), \(kept) edges kept", together, problem, forward)
    print(
      "  to one edge at a time                      \(Numbers.fixed(alone / together, 1)) × faster")
  }

  private static func report(
    _ what: String, _ seconds: Double, _ problem: DiscoveryProblem, _ forward: Double
  ) {
    let edges = Double(problem.graph.edgeCount)
    let padding = String(repeating: " ", count: max(43 - what.count, 1))
    print(
      """
      \(what)\(padding)\(Numbers.fixed(edges / seconds, 0)) edges/s, \
      \(Numbers.fixed(edges * forward / seconds, 1)) × faster than a full forward pass for each
      """)
  }

  /// Exact patching of a large model: the edges into some readers are timed, and what all would take follows.
  static func projection(_ model: Transformer, _ task: CircuitTask) {
    let graph = model.graph
    let some = graph.readers.enumerated().filter { $0.offset % 97 == 96 }.map(\.element)
    let edges = graph.writers.flatMap { writer in some.map { Edge(writer, $0) } }.filter(
      graph.contains)
    let problem = DiscoveryProblem(model: model, task: task)
    let forward = forward(model, task)
    let seconds = shortest(of: 1) { _ = try? ExactPatching(edges: edges).scores(for: problem) }
    let perEdge = seconds / Double(edges.count)
    print(
      """
      exact patching of \(edges.count) edges into \(some.count) readers    \
      \(Numbers.fixed(1000 * perEdge, 1)) ms each, \(Numbers.fixed(forward / perEdge, 1)) × faster than a full \
      forward pass; all would take \(Numbers.fixed(perEdge * Double(graph.edgeCount) / 60, 0)) min
      """)
  }

  private static func forward(_ model: Transformer, _ task: CircuitTask) -> Double {
    let batch = PairBatch(task.pairs).clean
    return shortest(of: 5) { _ = PlainRun(model, batch: batch).forward() }
  }
}
