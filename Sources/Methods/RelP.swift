import Engine
import Tensors

extension AttributionPatching {
  /// RelP (relevance patching, arXiv 2508.21258): EAP with the backward pass of layer-wise relevance propagation, which
  /// takes the model for a linear one.
  ///
  ///     norm          dx = scale · dy / deviation, the deviation a constant
  ///     activation    dz = dy · act(z) / z
  ///     gate × up     ½ of the gradient to each
  ///     attention     the pattern is a constant: queries and keys score 0
  ///
  /// The forward pass is the model's own; the cost is EAP's.
  public static let relp = AttributionPatching(points: [1], rules: .relevance(pattern: .constant))

  /// ``relp`` whose patterns are differentiated, so that queries and keys score, too.
  public static let relpThroughPatterns = AttributionPatching(
    points: [1], rules: .relevance(pattern: .exact))

  static let relpEntry = entry(
    "relp", "EAP as relevance: linear activations, constant norms and patterns",
    paper: "2508.21258"
  ) { _ in relp }

  static let relpThroughPatternsEntry = entry(
    "relp-qk", "RelP that goes through patterns, to queries and keys", paper: "2508.21258"
  ) { _ in relpThroughPatterns }
}

extension BackwardRules {
  /// The rules of relevance propagation.
  static func relevance(pattern: PatternRule, halvesAttention: Bool = false) -> BackwardRules {
    BackwardRules(
      pattern: pattern, holdsDeviations: true, slope: .secant, halvesGates: true,
      halvesAttention: halvesAttention)
  }
}
