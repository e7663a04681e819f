import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Scores of small random checkpoints against a float64 oracle.
@Suite struct GoldenScoreTests {
  @Test(arguments: goldenFamilies) func `EAP`(family: String) throws {
    try expectScores(
      AttributionPatching.plain, of: LogitDifference(), equal: "eap.logit_difference", family)
  }

  @Test(arguments: goldenFamilies, AttributionPatching.Rule.allCases)
  func `EAP-IG`(family: String, rule: AttributionPatching.Rule) throws {
    guard rule != .midpoint else { return }
    let name = "eap_ig_inputs.\(rule.rawValue).steps5"
    let method = AttributionPatching.integrated(steps: 5, rule: rule)
    try expectScores(method, of: LogitDifference(), equal: name + ".logit_difference", family)
    try expectScores(method, of: Divergence.kl, equal: name + ".kl", family)
  }

  @Test(arguments: goldenFamilies) func `exact patching`(family: String) throws {
    try expectScores(
      ExactPatching(), of: LogitDifference(), equal: "exact.logit_difference", family)
    try expectScores(ExactPatching(), of: Divergence.kl, equal: "exact.kl", family)
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
