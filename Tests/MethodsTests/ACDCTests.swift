import Engine
import Graphs
import Tasks
import Tensors
import TestSupport
import Testing

import Methods

/// ACDC against a float64 oracle, and its own laws.
@Suite struct ACDCTests {
  static let families = ["gpt2", "gpt_neox", "llama", "qwen2"]

  private func problem(_ golden: GoldenModel, _ metric: any Metric) throws -> DiscoveryProblem {
    DiscoveryProblem(model: golden.model, task: try golden.task(metric))
  }

  @Test(arguments: families) func `the kept edges are the oracle's`(family: String) throws {
    let golden = try GoldenModel(family)
    let cases: [(any Metric, String, [Double])] = [
      (Divergence.kl, "kl", [0.003, 0.03, 0.3]),
      (LogitDifference(), "logit_difference", [0.01, 0.1]),
    ]
    for (metric, name, thresholds) in cases {
      let problem = try problem(golden, metric)
      for threshold in thresholds {
        let method = ACDC(thresholds: [threshold])
        let scores = try method.scores(for: problem)
        let kept = try golden.file.mask("acdc.\(name).tau\(threshold)")
        #expect(
          scores.values.map { $0 != 0 } == kept.values().map { $0 != 0 },
          "\(family) \(name) \(threshold)")
        let circuit = scores.circuit(try #require(method.ownCircuit))
        #expect(circuit.edgeCount == kept.values().count { $0 != 0 })
      }
      let sweep = try ACDC(thresholds: thresholds).scores(for: problem)
      for threshold in thresholds {
        let kept = try golden.file.mask("acdc.\(name).tau\(threshold)")
        #expect(
          zip(sweep.values, kept.values()).allSatisfy { $1 == 0 || $0 >= Float(threshold) })
      }
    }
  }

  @Test(arguments: families) func `speculation changes nothing`(family: String) throws {
    let golden = try GoldenModel(family)
    for (metric, thresholds) in [
      (Divergence.kl as any Metric, [0.003, 0.03]), (LogitDifference(), [0.01, 0.1]),
    ] {
      let problem = try problem(golden, metric)
      for usesMagnitude in [true, false] {
        let scores = try [1, 2, 5, nil].map { widest in
          try ACDC(thresholds, usesMagnitude, widest: widest).scores(for: problem)
        }
        #expect(scores.allSatisfy { $0 == scores[0] })
      }
    }
  }

  @Test func `an infinite threshold removes all`() throws {
    let golden = try GoldenModel("gpt2")
    let scores = try ACDC(thresholds: [.infinity]).scores(for: problem(golden, Divergence.kl))
    #expect(scores.values.allSatisfy { $0 == 0 })
  }

  /// Where heads share a norm, too, an edge that goes untested is one whose test would find nothing.
  @Test(arguments: ["gemma2", "gemma3", "olmo2"], [false, true])
  func `testing every edge with whole runs leaves the same`(
    family: String, usesMagnitude: Bool
  ) throws {
    let golden = try GoldenModel(family)
    let (graph, threshold) = (golden.graph, 0.02)
    let gradient = try golden.logitDifferenceGradient().values()
    let ablated = AblatedStream(golden.ablated(by: "resample"), model: golden.model)
    let loss = { (mask: EdgeMask) in
      let run = MaskedRun(golden.model, batch: golden.clean, mask: mask, ablated: ablated)
      let products = zip(run.taped().logits.values(), gradient).map { Double($0) * Double($1) }
      return -products.reduce(0, +) / Double(golden.clean.promptCount)
    }
    var mask = EdgeMask(1, graph: graph)
    var current = loss(mask)
    for reader in (0..<graph.readerCount).reversed() {
      for writer in (0..<graph.visibleWriterCount(ofReader: reader)).reversed() {
        var column = Array(mask[column: reader])
        column[writer] = 0
        var without = mask
        without[column: reader] = column[...]
        let tried = loss(without)
        guard (usesMagnitude ? abs(tried - current) : tried - current) < threshold else { continue }
        (mask, current) = (without, tried)
      }
    }
    let method = ACDC(thresholds: [threshold], usesMagnitude: usesMagnitude)
    let scores = try method.scores(for: try problem(golden, LogitDifference()))
    let kept = mask.values().map { $0 != 0 }
    #expect(scores.values.map { $0 != 0 } == kept)
    #expect((1..<graph.edgeCount).contains(kept.count(where: \.self)))
  }

  /// Every state that a run offers leads to the same scores.
  @Test func `a run goes on from any state`() throws {
    let golden = try GoldenModel("llama")
    let problem = try problem(golden, Divergence.kl)
    let methods: [any DiscoveryMethod] = [
      ACDC(thresholds: [0.003, 0.03]), ExactPatching(),
      AttributionPatching.integrated(along: .modules, steps: 2),
    ]
    for method in methods { try expectResumes(method, problem) }
  }
}
