import Evaluation
import Graphs

extension PromptReport {
  private static let shownEdges = 5

  /// How prompts were divided, and why not further, in a sentence or two.
  public var divisionText: String {
    guard let best = division.best, let deviation = division.deviation else {
      return "one cluster: \(Numbers.count(promptCount, "prompt")) cannot be divided"
    }
    let found = """
      \(best.algorithm.rawValue) into \(best.partition.clusters.count): silhouette \(Numbers.fixed(best.silhouette)), \
      \(Numbers.fixed(deviation, 1)) standard deviations above that of sets without clusters; mean scores \
      \(Numbers.fixed(division.separation)) apart (1 − cosine)
      """
    guard division.isSplit else {
      return """
        one cluster: the \(promptCount) prompts fall into no clusters whose silhouettes are \
        \(Numbers.fixed(PromptClusters.leastSilhouette, 2)), \(Numbers.fixed(PromptClusters.leastDeviation, 0)) standard \
        deviations above chance, and whose mean scores are \(Numbers.fixed(PromptClusters.leastSeparation, 2)) apart
        the best was \(found)
        """
    }
    let agreement = division.agreement.map {
      "; k-means and average linkage agree to \(Numbers.fixed($0)) (adjusted Rand)"
    }
    return "\(found)\(agreement ?? "")"
  }

  /// What the columns mean.
  public var legend: String {
    """
    all circuits have \(Numbers.count(single.edgeCount, "edge")); unfaithful: Σ |m(full) − m(circuit)| / Σ |m(full) − \
    m(empty)| over prompts; shared: Jaccard index with the edges of the one circuit; where it does not say held out, \
    measured in sample, on the prompts that the circuits were found on
    """
  }

  /// The choices of circuits for all prompts.
  public var choiceTable: TextTable { Self.table(choices) }

  /// The same on prompts that were held out, with what those are.
  var heldOutTable: (title: String, table: TextTable)? {
    heldOut.map { ("on \($0.prompts): held out", Self.table($0.choices)) }
  }

  private static func table(_ choices: [Choice]) -> TextTable {
    var table = TextTable([
      "circuits": .left, "different": .right, "faithfulness": .right, "unfaithful": .right,
    ])
    for choice in choices {
      table.add(
        choice.name, Numbers.count(choice.circuitCount),
        Numbers.percent(choice.faithfulness.value),
        Numbers.percent(choice.faithfulness.unfaithfulness))
    }
    return table
  }

  /// The clusters, each on its own prompts.
  public var clusterTable: TextTable {
    var table = TextTable([
      "cluster": .left, "prompts": .right, "silhouette": .right, "faithfulness": .right,
      "of the one": .right, "unfaithful": .right, "of the one ": .right, "shared": .right,
    ])
    let (silhouettes, overlaps) = (silhouettes, overlaps)
    for (index, cluster) in clusters.enumerated() {
      let mean = cluster.prompts.reduce(0) { $0 + silhouettes[$1] } / Double(cluster.prompts.count)
      table.add(
        "\(index + 1)", Numbers.count(cluster.prompts.count), Numbers.fixed(mean),
        Numbers.percent(cluster.own.value), Numbers.percent(cluster.single.value),
        Numbers.percent(cluster.own.unfaithfulness),
        Numbers.percent(cluster.single.unfaithfulness), Numbers.fixed(overlaps[0][index + 1]))
    }
    return table
  }

  /// How much of their edges the circuits of clusters share; nil for fewer than two.
  public var overlapTable: TextTable? {
    guard clusters.count > 1 else { return nil }
    var table = TextTable(
      columns: [("shared by", .left)] + clusters.indices.map { ("\($0 + 1)", .right) })
    for (index, row) in overlaps.dropFirst().enumerated() {
      table.add(cells: ["\(index + 1)"] + row.dropFirst().map { Numbers.fixed($0) })
    }
    return table
  }

  /// A cluster's best edges, as a table.
  public func topEdges(of cluster: Cluster, _ count: Int) -> TextTable {
    var table = TextTable(["edge": .left, "score": .right, "": .left])
    for top in cluster.scores.top(of: cluster.circuit, by: ranking).prefix(count) {
      table.add(
        "\(top.edge)", Numbers.signed(Double(top.score)),
        single.contains(top.edge) ? "" : "not in the one circuit")
    }
    return table
  }

  /// The clusters and what their circuits do, for a terminal.
  public func text(on page: Page = Page()) -> String {
    let members = clusters.enumerated().map { index, cluster in
      """
      cluster \(index + 1), such as \(cluster.examples.map { "\"\($0)\"" }.joined(separator: ", "))
      \(topEdges(of: cluster, min(page.rows, Self.shownEdges)).text(on: page))
      """
    }
    return
      (["circuits of single prompts\n\(divisionText)", choiceTable.text(on: page)]
      + [heldOutTable.map { "\($0.title)\n\($0.table.text(on: page))" }].compactMap(\.self)
      + [clusterTable.text(on: page) + "\n" + legend]
      + [overlapTable?.text(on: page)].compactMap(\.self) + members).joined(separator: "\n\n")
  }
}
