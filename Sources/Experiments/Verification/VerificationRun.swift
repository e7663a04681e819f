import Evaluation
public import Graphs
public import Reports

/// Scores of which some were verified by exact patches, and what those showed.
public struct VerificationRun: Sendable {
  /// Lines about the model, the prompts and the scores.
  public let heading: [String]
  let plan: VerificationPlan
  /// What was known from round to round, nothing at first.
  let states: [EdgeVerification]
  /// For each strategy the recall over patches; empty where the truth was not asked for.
  let curves: [RecallCurve]
  let metric: String
  /// What is said of how the scores were found.
  let method: String
  let notes: [String]

  /// The scores with all exact effects.
  var known: EdgeVerification { states[states.count - 1] }
  /// The scores that were verified.
  var before: EdgeScores { known.scores }
  /// The scores: exact where an edge was patched, predicted elsewhere.
  public var scores: EdgeScores { known.verified(by: plan.strategy) }

  /// What was run, the rounds, the best edges with what they scored before, and the recall.
  public func text(on page: Page = Page()) -> String {
    let parts: [String?] = [
      heading.joined(separator: "\n"), roundsText(page), edgesText(page), recallText(page),
    ]
    return parts.compactMap(\.self).joined(separator: "\n\n")
  }

  private func roundsText(_ page: Page) -> String {
    let graph = before.graph
    let summary = """
      \(Numbers.count(known.patchCount)) of \(Numbers.count(graph.edgeCount, "edge")) patched, strategy \
      \(plan.strategy.name): \(plan.strategy.summary)
      """
    guard !rounds.isEmpty else { return summary }
    var table = TextTable([
      "round": .right, "patched": .right, "among the best": .right, "rank correlation": .right,
    ])
    for (index, round) in rounds.enumerated() {
      table.add(
        "\(index + 1)", Numbers.count(round.patched), Numbers.count(round.bestCount),
        Numbers.fixed(round.agreement ?? .nan))
    }
    return """
      \(summary)

      \(table.text(on: page))
      among the best: how many of them score among the best \(Numbers.count(known.bestCount)) in the end; rank correlation: of \
      what was expected of them with what they do
      """
  }

  private func edgesText(_ page: Page) -> String {
    let (after, was) = (scores, places(of: before))
    var table = TextTable([
      "rank": .right, "before": .right, "edge": .left, "score": .right, "verified": .right,
      "": .left,
    ])
    let best = after.ranked(by: .magnitude).prefix(known.bestCount)
    for (index, edge) in best.prefix(page.rows).enumerated() {
      table.add(
        "\(index + 1)", was[edge].map { Numbers.count($0) } ?? "–",
        "\(before.graph.edge(at: edge))", Numbers.signed(Double(before.values[edge])),
        Numbers.signed(Double(after.values[edge])),
        known.effect(of: edge) == nil ? (isPredicted ? "predicted" : "") : "exact")
    }
    let new = best.count { (was[$0] ?? .max) > known.bestCount }
    return """
      \(Numbers.count(new)) of the best \(Numbers.count(known.bestCount, "edge")) were not among them before

      \(table.text(on: page))
      """
  }

  private func recallText(_ page: Page) -> String? {
    guard let points = curves.first?.points, !points.isEmpty else { return nil }
    var table = TextTable(
      columns: [("patched", .right)] + curves.map { ($0.strategy, .right) })
    for (index, point) in points.enumerated() {
      table.add(
        cells: [Numbers.count(point.patches)]
          + curves.map { Numbers.percent($0.points[index].recall) })
    }
    return """
      which share of the best \(Numbers.count(known.bestCount, "edge")) is found after so many patches:

      \(table.text(on: page))
      """
  }

  /// Whether scores of edges that were not patched are predictions.
  private var isPredicted: Bool { plan.strategy.predicts && !known.rounds.isEmpty }

  /// The ranks of edges, from 1.
  private func places(of scores: EdgeScores) -> [Int: Int] {
    Dictionary(uniqueKeysWithValues: zip(scores.ranked(by: .magnitude), 1...))
  }
}
