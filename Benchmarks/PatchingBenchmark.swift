import Edgewise

/// Methods that test edges one by one, against one full forward pass for each edge.
enum PatchingBenchmark {
  /// All edges of a model of 4 layers, 8 heads and width 256, on 8 prompts of 16 tokens.
  static func small() {
    let model = Workload.model(layers: 4, heads: 8, width: 256)
    let task = Workload.task(for: model, prompts: 8, metric: Divergence.kl)
    let problem = DiscoveryProblem(model: model, task: task)
    let edges = problem.graph.edgeCount
    let forward = forward(model, task)
    print(
      """
      4 layers, 8 heads, width 256, 8 prompts × 16 tokens, \(Numbers.count(edges)) edges
      one full forward pass                      \(Numbers.fixed(1000 * forward, 1)) ms
      """)
    let report = { (what: String, seconds: Double) in
      let rate = Numbers.fixed(Double(edges) / seconds, 0)
      let ratio = Numbers.fixed(Double(edges) * forward / seconds, 1)
      let padding = String(repeating: " ", count: max(43 - what.count, 1))
      print("\(what)\(padding)\(rate) edges/s, \(ratio) × faster than a full forward pass for each")
    }
    report("exact patching", shortest(of: 3) { _ = try? ExactPatching().scores(for: problem) })
    for threshold in [1e-6, 1e-5, 1e-4, 1e-3] {
      var kept = 0
      let together = shortest(of: 3) {
        let scores = try? ACDC(thresholds: [threshold]).scores(for: problem)
        kept = scores?.values.count { $0 != 0 } ?? 0
      }
      let alone = shortest(of: 1) {
        _ = try? ACDC([threshold], false, widest: 1).scores(for: problem)
      }
      report("ACDC, τ \(threshold), keeps \(kept)", together)
      print(
        "  to the same, one edge at a time          \(Numbers.fixed(alone / together, 2)) × faster")
    }
  }

  /// Exact patching of a large model: the edges into some readers are timed, and what all would take follows.
  static func projection(_ model: Transformer, _ task: CircuitTask) {
    let graph = model.graph
    let some = graph.readers.enumerated().filter { $0.offset % 37 == 36 }.map(\.element)
    let edges = graph.writers.flatMap { writer in some.map { Edge(writer, $0) } }.filter(
      graph.contains)
    let problem = DiscoveryProblem(model: model, task: task)
    let forward = forward(model, task)
    let seconds = shortest(of: 1) { _ = try? ExactPatching(edges: edges).scores(for: problem) }
    let perEdge = seconds / Double(edges.count)
    print(
      """
      exact patching of \(edges.count) edges into \(some.count) readers: \(Numbers.fixed(1000 * perEdge, 1)) ms each, \
      \(Numbers.fixed(forward / perEdge, 1)) × faster than a full forward pass; all \(Numbers.count(graph.edgeCount)) would take \
      \(Numbers.fixed(perEdge * Double(graph.edgeCount) / 60, 0)) min
      """)
  }

  private static func forward(_ model: Transformer, _ task: CircuitTask) -> Double {
    let batch = PairBatch(task.pairs).clean
    return shortest(of: 5) { _ = PlainRun(model, batch: batch).forward() }
  }
}
