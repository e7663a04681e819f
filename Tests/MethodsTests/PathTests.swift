import Engine
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Laws of gradients along the way from ablated to clean.
@Suite struct PathTests {
  private let golden: GoldenModel
  private let problem: DiscoveryProblem

  init() throws {
    golden = try GoldenModel("llama")
    problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()))
  }

  private func scores(_ method: AttributionPatching) throws -> [Double] {
    try method.scores(for: problem).values.map(Double.init)
  }

  private func mean(_ lists: [[Double]]) -> [Double] {
    lists[0].indices.map { place in
      lists.reduce(0) { $0 + $1[place] } / Double(lists.count)
    }
  }

  /// No layer lies between a write and the logits.
  @Test func `dropped layers leave edges into logits alone`() throws {
    let graph = problem.graph
    let layers = Double(graph.layerCount)
    let dropped = try AtPStar(fixesPatterns: false).scores(for: problem).values
    for (place, score) in try scores(.plain).enumerated()
    where place % graph.readerCount == graph.logitsReader {
      #expect(abs(Double(dropped[place]) - layers / (layers - 1) * abs(score)) <= 1e-5 * abs(score))
    }
  }

  @Test func `the only layer is not dropped`() throws {
    let single = DiscoveryProblem(
      model: ThreeEdgeModel.model,
      task: try CircuitTask(
        name: "three edges", pairs: ThreeEdgeModel.pairs, metric: LogitDifference(),
        model: ThreeEdgeModel.model))
    #expect(throws: MethodError.tooFewLayers(1)) { try AtPStar().scores(for: single) { _ in } }
    let shared = try GoldenModel("olmo2")
    let problem = DiscoveryProblem(model: shared.model, task: try shared.task(LogitDifference()))
    let error = #expect(throws: MethodError.self) { try AtPStar().scores(for: problem) { _ in } }
    #expect(error?.description.contains("a norm of the queries of all heads together") ?? false)
    _ = try AtPStar(fixesPatterns: false).scores(for: problem) { _ in }
    #expect(throws: Never.self) {
      try AtPStar(dropsGradients: false).scores(for: single) { _ in }
    }
  }

  @Test func `conductance of one step is EAP`() throws {
    expectClose(
      try scores(.conductance(steps: 1)), try scores(.plain), relative: 1e-5)
    let both = mean([
      try scores(.conductance(steps: 1)), try scores(.conductance(steps: 1, at: .start)),
    ])
    expectClose(both, try scores(.cleanAndCorrupted), relative: 1e-5)
  }

  /// A sum over the writers of the last read is a sum along its way: by trapezoids it comes close to the difference.
  @Test func `conductance into the logits adds up`() throws {
    let graph = problem.graph
    let both = mean([
      try scores(.conductance(steps: 64, at: .start)), try scores(.conductance(steps: 64)),
    ])
    let sum = (0..<graph.writerCount).reduce(0) {
      $0 + both[$1 * graph.readerCount + graph.logitsReader]
    }
    let signs = try golden.logitDifferenceGradient()
    let values = [golden.clean, golden.corrupted].map { batch in
      PlainRun(golden.model, batch: batch).forward().logits.rowProducts(signs).reduce(0, +)
        / Double(batch.promptCount)
    }
    expectClose([sum], [values[0] - values[1]], relative: 2e-3)
  }

  @Test func `expected gradients at the end are EAP, and on a grid EAP-IG`() throws {
    expectClose(
      try scores(.expectedGradients { _ in 1 }), try scores(.plain), relative: 1e-5)
    let grid = try (0..<5).map { step in
      try scores(.expectedGradients { _ in Double(step) / 5 })
    }
    expectClose(mean(grid), try scores(.integrated()), relative: 1e-5)
  }

  /// A prompt's point is its own, whatever stands beside it.
  @Test func `random points follow from seed and prompt`() throws {
    let method = AttributionPatching.expectedGradients(seed: 3)
    let whole = try scores(method)
    #expect(try scores(.expectedGradients(seed: 3)) == whole)
    #expect(try scores(.expectedGradients(seed: 4)) != whole)
    let parts = try problem.task.pairs.indices.map { prompt in
      try method.scores(for: problem.restricted(to: prompt..<(prompt + 1))).values.map(Double.init)
    }
    expectClose(mean(parts), whole, relative: 1e-5)
  }
}
