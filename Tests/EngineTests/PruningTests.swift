import Engine
import Graphs
import Tensors
import TestSupport
import Testing

import Models

/// What a pruned circuit does, against the whole one.
@Suite struct PruningTests {
  private func circuit(_ graph: ComputationGraph, share: Double, seed: UInt64) -> Circuit {
    var generator = SeededGenerator(seed: seed)
    return Circuit(
      offsets: graph.edgeOffsets.filter { _ in
        Double.random(in: 0..<1, using: &generator) < share
      }, graph: graph)
  }

  /// The logits of a run that computes every node, whether it matters or not.
  private func logits(_ circuit: Circuit, _ golden: GoldenModel) -> Tensor {
    MaskedRun(
      golden.model, batch: golden.clean, mask: EdgeMask(circuit),
      ablated: AblatedStream(golden.ablated(by: "resample"), model: golden.model)
    ).taped().logits
  }

  @Test(arguments: goldenFamilies, [true, false])
  func `pruning changes no logits`(family: String, isGrouped: Bool) throws {
    let golden = try GoldenModel(family)
    let graph = golden.model.graph(groupsKeysAndValues: isGrouped)
    var dropped = 0
    for (seed, share) in [0.05, 0.1, 0.2, 0.3, 0.5].enumerated() {
      let whole = circuit(graph, share: share, seed: UInt64(seed))
      let pruned = whole.pruned()
      dropped += whole.edgeCount - pruned.edgeCount
      expectClose(
        logits(pruned, golden), logits(whole, golden), relative: 1e-5, "share \(share)")
    }
    #expect(dropped > 0)
  }

  /// Heads that act on others through a norm alone are on no path of edges: without them logits are others.
  @Test(arguments: ["gemma2", "gemma3", "olmo2"])
  func `heads that share a norm are kept for each other`(family: String) throws {
    let golden = try GoldenModel(family)
    let graph = golden.graph
    let alone = ComputationGraph(
      layerCount: graph.layerCount, headCount: graph.headCount, dModel: graph.dModel)
    #expect(graph.headCoupling == (family == "olmo2" ? .inputs : .writes) && graph != alone)
    var furthest: Float = 0
    for seed in 0..<8 as Range<UInt64> {
      let whole = circuit(graph, share: 0.15, seed: seed)
      let paths = Circuit(offsets: whole.offsets, graph: alone).pruned()
      #expect(Set(paths.offsets).isSubset(of: whole.pruned().offsets))
      let expected = logits(whole, golden).values()
      let found = logits(Circuit(offsets: paths.offsets, graph: graph), golden).values()
      let largest = expected.map(abs).max() ?? 0
      furthest = max(furthest, zip(found, expected).map { abs($0 - $1) / largest }.max() ?? 0)
    }
    #expect(furthest > 1e-3)
  }
}
