import Evaluation
import Graphs

/// The heads and MLPs of a circuit: what each reads and writes most, and what it does to the logits itself.
///
/// Those with the largest direct effect come first, then the others by what they write most.
public struct NodeTable: Sendable {
  /// The nodes, as they are ranked.
  public let nodes: [NodeRecord]
  /// The metric of direct effects.
  public let metric: String

  /// Ranks nodes.
  public init(_ nodes: [NodeRecord], metric: String) {
    self.metric = metric
    let rank = { (node: NodeRecord) in
      (
        abs(node.directEffect ?? 0), abs(node.strongestWrite?.score ?? 0),
        abs(node.strongestRead?.score ?? 0)
      )
    }
    self.nodes = nodes.enumerated().sorted { one, other in
      let (left, right) = (rank(one.element), rank(other.element))
      return left == right ? one.offset < other.offset : left > right
    }.map(\.element)
  }

  /// Whether the nodes' direct effects were measured.
  private var isMeasured: Bool { nodes.contains { $0.role != nil } }

  private static let titles: [(title: String, alignment: TextTable.Alignment)] = [
    ("node", .left), ("reads", .right), ("writes", .right), ("reads most", .left),
    ("writes most", .left),
  ]

  private var columns: [(title: String, alignment: TextTable.Alignment)] {
    Self.titles
      + (isMeasured ? [("direct effect", .right), ("± s.e.", .right), ("role", .left)] : [])
  }

  private func cells(_ node: NodeRecord) -> [String] {
    let link = { (link: NodeRecord.Link?, end: (Edge) -> String) in
      link.map { link in
        (Edge(link.edge).map(end) ?? link.edge) + " " + Numbers.signed(Double(link.score))
      } ?? ""
    }
    let effect = node.directEffect.map { Numbers.signed($0, 3) } ?? ""
    return [
      node.node, Numbers.count(node.reads), Numbers.count(node.writes),
      link(node.strongestRead, Self.source), link(node.strongestWrite) { "\($0.reader)" },
    ]
      + (isMeasured
        ? [
          effect, node.directEffectStandardError.map { Numbers.fixed($0) } ?? "",
          node.role?.rawValue ?? "",
        ] : [])
  }

  /// Where an edge comes from, and for heads by which of their reads it enters.
  private static func source(of edge: Edge) -> String {
    guard case .head(_, _, let projection) = edge.reader else { return "\(edge.writer)" }
    return "\(edge.writer)<\(projection.rawValue)>"
  }

  /// What the table means.
  public var legend: String {
    let indirect = CircuitNode.Role.indirect.rawValue
    return isMeasured
      ? "direct effect: what \(metric) loses without the edge to logits; \(indirect): no such edge"
      : "ranked by what they write most"
  }

  /// The first nodes as a table, with what it means; nil when there are none.
  public func text(on page: Page) -> String? {
    guard !nodes.isEmpty else { return nil }
    let left = nodes.count - page.rows
    let more =
      left > 0 ? "\nand \(Numbers.count(left, "more head or MLP", "more heads and MLPs"))" : ""
    return "\(table(of: nodes.prefix(page.rows)).text(on: page))\(more)\n\(legend)"
  }

  /// All nodes as CSV.
  public var csvText: String {
    csv(
      [
        "node", "reads", "writes", "strongest_read", "strongest_read_score", "strongest_write",
        "strongest_write_score", "direct_effect", "standard_error", "role",
      ],
      nodes.map { node in
        let links = [node.strongestRead, node.strongestWrite].flatMap {
          [$0?.edge ?? "", Numbers.exact($0.map { Double($0.score) })]
        }
        return [node.node, "\(node.reads)", "\(node.writes)"] + links
          + [node.directEffect, node.directEffectStandardError].map(Numbers.exact)
          + [node.role?.rawValue ?? ""]
      })
  }

  /// All nodes as a table of a page.
  var html: String {
    "\(table(of: nodes).html)\n<p class=\"quiet\">\(xml(legend))</p>"
  }

  private func table(of nodes: some Sequence<NodeRecord>) -> TextTable {
    var table = TextTable(columns: columns)
    for node in nodes { table.add(cells: cells(node)) }
    return table
  }
}
