import Methods
import Tasks
import Tensors
import Testing

/// Relatives of EAP against a float64 oracle.
@Suite struct GoldenAttributionTests {
  @Test(arguments: goldenFamilies) func `changed backward passes`(family: String) throws {
    let methods: [(String, AttributionPatching, Double)] = [
      ("gim", .gim(), 1e-3), ("relp", .relp, 1e-3), ("relp_qk", .relpThroughPatterns, 1e-3),
      // It divides by small scores: the oracle in Float32 is off by 1e-3 itself.
      ("attnlrp", .attnLRP, 5e-3),
    ]
    for (name, method, tolerance) in methods {
      try expectScores(
        method, of: LogitDifference(), equal: name + ".logit_difference", family, in: "methods",
        relative: tolerance)
    }
  }
}
