import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Relatives of EAP against a float64 oracle.
@Suite struct GoldenAttributionTests {
  @Test(arguments: methodFamilies) func `changed backward passes`(family: String) throws {
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

  @Test(arguments: methodFamilies, [AttributionPatching.Side.start, .end])
  func `conductance`(family: String, side: AttributionPatching.Side) throws {
    let name = "ceap.\(side.rawValue).steps5"
    let method = AttributionPatching.conductance(steps: 5, at: side)
    try expectScores(
      method, of: LogitDifference(), equal: name + ".logit_difference", family, in: "methods")
    try expectScores(method, of: Divergence.kl, equal: name + ".kl", family, in: "methods")
  }

  @Test(arguments: methodFamilies) func `AtP* and its repairs`(family: String) throws {
    let methods = [
      ("graddrop", AtPStar(fixesPatterns: false)), ("atp_qk_fix", AtPStar(dropsGradients: false)),
      ("atp_star", AtPStar()),
    ]
    for (name, method) in methods {
      try expectScores(
        method, of: LogitDifference(), equal: name + ".logit_difference", family, in: "methods")
    }
  }

  @Test(arguments: methodFamilies) func `expected gradients`(family: String) throws {
    let alphas = try Golden(family, "methods").tensor("alpha").values()
    let pairs = try GoldenModel(family).task(LogitDifference()).pairs
    let method = AttributionPatching.expectedGradients { pair in
      Double(alphas[pairs.firstIndex { $0.clean == pair.clean } ?? 0])
    }
    let name = "expected_gradients"
    try expectScores(
      method, of: LogitDifference(), equal: name + ".logit_difference", family, in: "methods")
    try expectScores(method, of: Divergence.kl, equal: name + ".kl", family, in: "methods")
  }

  @Test(arguments: methodFamilies, AttributionPatching.PathOutputs.allCases)
  func `paths that gradients steer`(
    family: String, outputs: AttributionPatching.PathOutputs
  ) throws {
    let name = "eap_gp.\(outputs.rawValue)_position\(outputs == .all ? "s" : "").steps5"
    let method = AttributionPatching.steered(steps: 5, by: outputs)
    try expectScores(
      method, of: LogitDifference(), equal: name + ".logit_difference", family, in: "methods")
    try expectScores(method, of: Divergence.kl, equal: name + ".kl", family, in: "methods")
  }

  @Test(arguments: methodFamilies) func `information flow`(family: String) throws {
    try expectScores(
      InformationFlow(), of: LogitDifference(), equal: "ifr", family, in: "methods")
    try expectScores(
      InformationFlow(averaging: .proximities), of: LogitDifference(),
      equal: "ifr.averaged_first", family, in: "methods")
  }
}
