import Engine
import Graphs
import Tensors
import TestSupport
import Testing

import Models

/// Trials of one reader's column against whole masked runs.
@Suite struct ReaderTrialsTests {
  /// A mask of 0 and 1 in which each edge is intact with the given probability.
  private func mask(_ graph: ComputationGraph, share: Double, seed: UInt64) -> EdgeMask {
    var generator = SeededGenerator(seed: seed)
    return EdgeMask(
      (0..<(graph.writerCount * graph.readerCount)).map { _ in
        Double.random(in: 0..<1, using: &generator) < share ? 1 : 0
      }, graph: graph)
  }

  @Test(arguments: goldenFamilies, [true, false])
  func `trials equal whole runs`(family: String, isGrouped: Bool) throws {
    let golden = try GoldenModel(family)
    let model = golden.model
    let graph = model.graph(groupsKeysAndValues: isGrouped)
    // Logits are read at the last tokens, and at others too.
    let batches = [
      golden.clean,
      TokenBatch(
        try golden.file.prompts("tokens.clean"), positions: golden.lengths.map { [1, $0 - 1] }),
    ]
    let ablated = AblatedStream(golden.ablated(by: "resample"), model: model)
    for (seed, share) in [1, 0.8, 0.3].enumerated() {
      let base = mask(graph, share: share, seed: UInt64(seed))
      for batch in batches {
        let run = MaskedRun(model, batch: batch, mask: base, ablated: ablated)
        let state = run.forward(extent: .everyNode).state
        for reader in 0..<graph.readerCount {
          let trials = ReaderTrials(run, from: state, reader: reader)
          let columns = (0..<3 as Range<UInt64>).map { trial in
            zip(base[column: reader], mask(graph, share: 0.5, seed: 7 + trial)[column: reader])
              .map(*)
          }
          let logits = trials.logits(columns)
          for (index, column) in columns.enumerated() {
            var tried = base
            tried[column: reader] = column[...]
            expectClose(
              logits.slice(block: index),
              MaskedRun(model, batch: batch, mask: tried, ablated: ablated).forward().logits,
              relative: 1e-5, "\(graph.reader(at: reader)), share \(share)")
          }
        }
      }
    }
  }
}
