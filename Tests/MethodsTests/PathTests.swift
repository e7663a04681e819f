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
