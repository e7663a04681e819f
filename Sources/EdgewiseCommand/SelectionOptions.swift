public import ArgumentParser
public import Edgewise

extension EdgeScores.Ranking: ExpressibleByArgument {}
extension CircuitSelection.Order: ExpressibleByArgument {}

/// Which edges of all scored ones a circuit keeps.
struct SelectionOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: "Keep so many edges; discover keeps 200 when no size is given.")
  var edges: Int?

  @Option(parsing: .unconditional, help: "Keep this share of all edges, such as 0.01.")
  var fraction: Double?

  @Option(parsing: .unconditional, help: "Keep the edges that score at least this.")
  var threshold: Float?

  @Option(
    parsing: .unconditional, help: "Keep all edges between so many heads and MLPs, the best ones.")
  var nodes: Int?

  @Option(help: "Whether edges rank by magnitude or signed.")
  var ranking: EdgeScores.Ranking = .magnitude

  @Option(
    help: "Whether the best edges are taken (top), or from the logits backward (greedy).")
  var order: CircuitSelection.Order = .top

  @Flag(help: "Drop edges that lie on no path from input to logits.")
  var prune = false

  /// The choice; nil when no size was given.
  var chosen: CircuitSelection? {
    let size: CircuitSelection.Size? =
      edges.map { .edges($0) } ?? fraction.map { .fraction($0) } ?? threshold.map { .threshold($0) }
      ?? nodes.map { .nodes($0) }
    return size.map(selection)
  }

  /// The choice of a size with the other options.
  func selection(_ size: CircuitSelection.Size) -> CircuitSelection {
    CircuitSelection(size, ranking: ranking, order: order, prunes: prune)
  }

  func validate() throws {
    let given = [edges != nil, fraction != nil, threshold != nil, nodes != nil].count { $0 }
    guard given <= 1 else {
      throw ValidationError("Give one of --edges, --fraction, --threshold and --nodes.")
    }
    guard order == .top || threshold == nil && nodes == nil else {
      throw ValidationError("--order greedy goes with --edges or --fraction.")
    }
    for (name, count) in [("--edges", edges), ("--nodes", nodes)] {
      guard let count, count < 0 else { continue }
      throw ValidationError("\(name) should be 0 or more, found \(count).")
    }
    if let fraction, !(0...1).contains(fraction) {
      throw ValidationError("--fraction should be from 0 to 1, found \(fraction).")
    }
    if let threshold, threshold.isNaN {
      throw ValidationError("--threshold should be a number, found \(threshold).")
    }
  }
}
