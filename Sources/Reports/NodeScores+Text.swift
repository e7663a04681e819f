public import Graphs

extension NodeScores {
  /// The best heads and MLPs by the magnitude of their scores, as a table.
  public func table(_ count: Int) -> TextTable {
    var table = TextTable(["rank": .right, "node": .left, "score": .right])
    for (index, top) in top(count).enumerated() {
      table.add("\(index + 1)", "\(top.writer)", Numbers.signed(Double(top.score)))
    }
    return table
  }

  /// All that are scored as CSV, best first.
  public var csvText: String {
    csv(
      ["node", "score"],
      top(graph.writerCount).map { ["\($0.writer)", Numbers.exact(Double($0.score))] })
  }
}
