import ArgumentParser
import Edgewise

/// Which edges of all scored ones a circuit keeps.
struct SelectionOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      Keep so many edges. When no size is given, discover looks for the smallest circuit that keeps 85 %, or \
      takes that which the method itself decides on; other commands take the circuit as it was found.
      """)
  var edges: Int?

  @Option(parsing: .unconditional, help: "Keep this share of all edges, such as 0.01.")
  var fraction: Double?

  @Option(parsing: .unconditional, help: "Keep the edges that score at least this.")
  var threshold: Float?

  @Option(
    parsing: .unconditional, help: "Keep all edges between so many heads and MLPs, the best ones.")
  var nodes: Int?

  @Option(
    help: """
      Keep as few edges as keep this share of the metric, such as 85% or 0.85, on prompts that are held out.
      """)
  var keep: Share?

  @Option(
    help:
      "Whether edges rank by magnitude or signed. (default: both are tried with --keep, else magnitude, or the run's)"
  )
  var ranking: EdgeScores.Ranking?

  @Option(
    help: """
      Whether the best edges are taken (top), or from the logits backward (greedy). (default: top, or \
      the run's)
      """)
  var order: CircuitSelection.Order?

  @Option(
    parsing: .unconditional,
    help: """
      With --edges or --fraction: take so large a share of them, such as 0.7, from the edges that support the behaviour, \
      and the others from those that oppose it.
      """)
  var positive: Double?

  @Option(
    help: """
      With scores prompt by prompt: leave out edges whose sign is not the same in this share of draws of prompts, such as \
      95%.
      """)
  var signConsistent: Share?

  @Flag(help: "Drop edges that lie on no path from input to logits.")
  var prune = false

  /// The size that was given, if one was.
  private var size: CircuitSelection.Size? {
    edges.map { .edges($0) } ?? fraction.map { .fraction($0) } ?? threshold.map { .threshold($0) }
      ?? nodes.map { .nodes($0) }
  }

  /// What was given.
  var plan: SelectionPlan {
    SelectionPlan(
      size: size, keep: keep?.value, ranking: ranking, order: order, prunes: prune,
      positiveShare: positive, signShare: signConsistent?.value)
  }

  func validate() throws {
    let given = [edges != nil, fraction != nil, threshold != nil, nodes != nil, keep != nil]
    guard given.count(where: \.self) <= 1 else {
      throw ValidationError("Give one of --edges, --keep, --fraction, --threshold and --nodes.")
    }
    try validated(plan.check)
  }
}
