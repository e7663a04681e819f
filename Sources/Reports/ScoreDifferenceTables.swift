package import Evaluation
public import Graphs

/// Two circuits of one graph, whose edges are told apart by which of them has them.
public struct CircuitPair: Sendable {
  /// The first circuit.
  public let first: Circuit
  /// The second circuit.
  public let second: Circuit

  /// Takes two circuits of one graph.
  public init(_ first: Circuit, _ second: Circuit) {
    precondition(first.graph == second.graph, "circuits of two graphs")
    self.first = first
    self.second = second
  }

  /// Which of the circuits has an edge: `both`, `first`, `second`; nil for neither.
  public func owner(of edge: Edge) -> String? {
    switch (first.contains(edge), second.contains(edge)) {
    case (true, true): "both"
    case (true, false): "first"
    case (false, true): "second"
    case (false, false): nil
    }
  }

  /// The edges of either circuit in canonical order, with their owners, as CSV.
  package var csvText: String {
    csv(
      ["edge", "circuit"],
      first.union(of: [first, second]).edges.map { ["\($0)", owner(of: $0) ?? ""] })
  }
}

// What moved, as tables.

extension ScoreDifference {
  /// The edges that moved most, with both scores, and which of two circuits has them.
  package func edgeTable(rows: Int, _ circuits: CircuitPair?) -> TextTable {
    var table = TextTable(
      columns: [
        ("rank", .right), ("edge", .left), ("first", .right), ("second", .right),
        ("difference", .right),
      ] + (circuits == nil ? [] : [("circuit", .left)]))
    for (index, move) in moves.prefix(rows).enumerated() {
      table.add(
        cells: [
          "\(index + 1)", "\(move.edge)", Numbers.signed(Double(move.first)),
          Numbers.signed(Double(move.second)), Numbers.signed(move.difference),
        ] + (circuits.map { [$0.owner(of: move.edge) ?? "–"] } ?? []))
    }
    return table
  }

  /// The heads and MLPs whose edges moved most.
  package func nodeTable(rows: Int) -> TextTable {
    var table = TextTable([
      "node": .left, "edges in": .right, "edges out": .right, "first": .right, "second": .right,
    ])
    for node in nodes.prefix(rows) {
      table.add(
        cells: ["\(node.node)"]
          + [node.reads, node.writes, node.first, node.second].map(Numbers.short))
    }
    return table
  }

  /// What rankings have in common, size by size.
  package var overlapTable: TextTable {
    var table = TextTable([
      "share": .right, "edges": .right, "shared": .right, "Jaccard": .right,
    ])
    for overlap in overlaps {
      table.add(
        Numbers.percent(overlap.fraction), Numbers.count(overlap.edgeCount),
        Numbers.percent(overlap.shared ?? .nan), Numbers.fixed(overlap.jaccard ?? .nan))
    }
    return table
  }

  /// All of it as CSV, by file name.
  package func files(_ circuits: CircuitPair?) -> [String: String] {
    let sets = circuits.map { ["circuits.csv": $0.csvText] } ?? [:]
    return sets.merging([
      "edges.csv": csv(
        ["edge", "first", "second", "difference", "circuit"],
        moves.map { move in
          ["\(move.edge)"]
            + [Double(move.first), Double(move.second), move.difference].map(Numbers.exact)
            + [circuits?.owner(of: move.edge) ?? ""]
        }),
      "nodes.csv": csv(
        ["node", "edges_in", "edges_out", "first", "second"],
        nodes.map { node in
          ["\(node.node)"] + [node.reads, node.writes, node.first, node.second].map(Numbers.exact)
        }),
      "overlap.csv": csv(
        ["fraction", "edges", "shared", "jaccard"],
        overlaps.map { overlap in
          [Numbers.exact(overlap.fraction), "\(overlap.edgeCount)"]
            + [overlap.shared, overlap.jaccard].map(Numbers.exact)
        }),
    ]) { $1 }
  }
}
