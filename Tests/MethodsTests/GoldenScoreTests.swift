import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Scores of small random checkpoints against a float64 oracle.
@Suite struct GoldenScoreTests {
  private let metrics: [(any Metric, String)] = [
    (LogitDifference(), ".logit_difference"), (Divergence.kl, ".kl"),
  ]

  @Test(arguments: goldenFamilies) func `EAP`(family: String) throws {
    try expectScores(
      AttributionPatching.plain, of: LogitDifference(), equal: "eap.logit_difference", family)
  }

  @Test(arguments: goldenFamilies, AttributionPatching.Rule.allCases)
  func `EAP-IG`(family: String, rule: AttributionPatching.Rule) throws {
    let name = "eap_ig_inputs.\(rule.rawValue).steps5"
    let method = AttributionPatching.integrated(steps: 5, rule: rule)
    for (metric, suffix) in metrics where try Golden(family).contains(name + suffix) {
      try expectScores(method, of: metric, equal: name + suffix, family)
    }
  }

  @Test(arguments: goldenFamilies) func `exact patching`(family: String) throws {
    for (metric, suffix) in metrics where try Golden(family).contains("exact" + suffix) {
      try expectScores(ExactPatching(), of: metric, equal: "exact" + suffix, family)
    }
  }

  @Test(arguments: goldenFamilies) func `the graph's edges are the oracle's`(family: String) throws
  {
    let golden = try GoldenModel(family)
    let graph = golden.graph
    #expect(try golden.file.names("writers") == graph.writers.map(\.description))
    #expect(try golden.file.names("readers") == graph.readers.map(\.description))
    #expect(
      EdgeMask(1, graph: graph).values() == (try golden.file.mask("edge_exists").values()))
  }
}
