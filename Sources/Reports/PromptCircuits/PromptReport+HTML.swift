import Graphs

extension PromptReport {
  private static let shownEdges = 30

  /// The part of a page that tells of the clusters.
  var html: String {
    let members = clusters.enumerated().map { index, cluster in
      let more = cluster.circuit.edgeCount - Self.shownEdges
      return """
        <h3>Cluster \(index + 1): \(Numbers.count(cluster.prompts.count, "prompt"))</h3>
        <p class="quiet">such as \(xml(cluster.examples.map { "“\($0)”" }.joined(separator: ", ")))</p>
        \(topEdges(of: cluster, Self.shownEdges).html)
        \(more > 0 ? "<p class=\"quiet\">and \(Numbers.count(more, "more edge")): cluster-\(index + 1).json</p>" : "")
        """
    }
    return """
      <h2>Circuits of single prompts</h2>
      <p class="quiet">\(xml(divisionText).replacing("\n", with: "<br>"))</p>
      \(choiceTable.html)
      \(heldOutTable.map { "<p class=\"quiet\">\(xml($0.title))</p>\n\($0.table.html)" } ?? "")
      \(clusterTable.html)
      <p class="quiet">\(xml(legend))</p>
      \(overlapTable?.html ?? "")
      \(members.joined(separator: "\n"))
      """
  }
}
