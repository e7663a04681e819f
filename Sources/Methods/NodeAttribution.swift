public import Graphs

/// Node attribution patching (NAP, arXiv 2310.10348; NAP-IG, arXiv 2403.17806): the effect of ablating a head's or
/// MLP's write for all that read it.
///
///     score(w) = ⟨a_w − ã_w, ∂metric/∂a_w⟩ = Σ_r score(w → r)
///
/// The gradient at a write is the sum of those at the reads that it goes to, so that a node's score is the sum of
/// attribution patching's over the edges out of it. Edges get the lower score of their two nodes.
///
/// Cost: that of attribution patching.
public struct NodeAttribution: DiscoveryMethod {
  /// What scores the edges whose scores are summed.
  public let edges: AttributionPatching

  /// Takes a form of attribution patching.
  public init(edges: AttributionPatching = .plain) { self.edges = edges }

  /// Asks for what the attribution of edges asks for.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) { try edges.check(problem) }

  /// Scores every node, and every edge by its ends.
  ///
  /// - Throws: ``MethodError``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    EdgeScores(nodes: try edges.scores(for: problem, run: run).sumsOfWriters)
  }

  /// Scores groups of prompts in one run of all of them.
  ///
  /// - Throws: ``MethodError``.
  public func promptScores(
    for problem: DiscoveryProblem, groups: [Range<Int>], run: MethodRun
  ) throws(MethodError) -> [EdgeScores] {
    try edges.promptScores(for: problem, groups: groups, run: run).map {
      EdgeScores(nodes: $0.sumsOfWriters)
    }
  }
}

extension NodeAttribution {
  private static let rule = MethodOption.choice(
    "rule", "where in its step each point lies", standard: AttributionPatching.Rule.right)

  static let plainEntry = MethodEntry(
    name: "nap", summary: "attribution patching of heads and MLPs", paper: "2310.10348",
    cost: "2 forward, 1 backward", passes: { _, _ in PassCount(2, 1) },
    make: { _ in NodeAttribution() })

  static let integratedEntry = MethodEntry(
    name: "nap-ig", summary: "nap with integrated gradients, along the input",
    paper: "2403.17806", cost: "2 + steps forward, steps backward",
    options: [AttributionPatching.steps, rule],
    passes: { options, _ in
      PassCount(2 + options[AttributionPatching.steps], options[AttributionPatching.steps])
    },
    make: {
      NodeAttribution(edges: .integrated(steps: $0[AttributionPatching.steps], rule: $0[rule]))
    })
}
