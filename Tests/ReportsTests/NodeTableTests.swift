import Evaluation
import Foundation
import Graphs
import Reports
import Testing

/// The heads and MLPs of a circuit as a table, and tables where there is little room.
@Suite struct NodeTableTests {
  private func node(
    _ name: String, effect: [Double]?, write: Float, to reader: Reader = .logits
  ) throws -> CircuitNode {
    let writer = try #require(Writer(name))
    return CircuitNode(
      node: writer, readCount: 1200, writeCount: 2,
      strongestRead: CircuitNode.Link(
        edge: Edge(.input, .head(layer: 31, index: 31, projection: .key)), score: -0.25),
      strongestWrite: CircuitNode.Link(edge: Edge(writer, reader), score: write),
      directEffect: effect.map { PromptValues($0) })
  }

  /// The largest direct effects come first, then the largest writes; a role needs more than two standard errors.
  @Test func `nodes are ranked and have roles`() throws {
    let nodes = [
      try node("a0.h1", effect: nil, write: -3, to: .mlp(layer: 5)),
      try node("m1", effect: [0.5, 0.7], write: 1),
      try node("a2.h0", effect: nil, write: 4, to: .mlp(layer: 5)),
      try node("m3", effect: [-2, -2.2], write: 0.1),
      // 0.1 ± 0.1: no more than two standard errors.
      try node("m4", effect: [0, 0.2], write: 1),
    ]
    #expect(nodes.map(\.role) == [.indirect, .supports, .indirect, .opposes, .neither])
    let table = NodeTable(nodes.map { NodeRecord($0) }, metric: "kl")
    let lines = try #require(table.text(on: Page(rows: 4))).split(separator: "\n")
    #expect(
      lines.map { $0.prefix { $0 != " " } } == ["node", "m3", "m1", "m4", "a2.h0", "and", "direct"])
    #expect(lines[1].hasSuffix("-2.100   0.100  opposes"), "\(lines[1])")
    #expect(lines[4].contains("1,200") && lines[4].contains("input<k> -0.2500  m5 +4.0000"))
    #expect(lines[5] == "and 1 more head or MLP")
    let csv = table.csvText.split(separator: "\n")
    #expect(
      csv.count == 6 && csv[5] == "a0.h1,1200,2,input->a31.h31<k>,-0.25,a0.h1->m5,-3.0,,,indirect")
  }

  @Test func `without runs there are no effects, without nodes no table`() throws {
    let nodes = [try node("m1", effect: nil, write: 1), try node("m2", effect: nil, write: -2)]
    let table = NodeTable(nodes.map { NodeRecord($0, isMeasured: false) }, metric: "kl")
    let text = try #require(table.text(on: Page()))
    #expect(!text.contains("direct") && !text.contains("indirect"))
    #expect(text.split(separator: "\n")[1].hasPrefix("m2"))
    #expect(NodeTable([], metric: "kl").text(on: Page()) == nil)
  }

  @Test func `lines fit 100 columns with the longest names`() throws {
    let node = try node("a31.h31", effect: [-1234.5, 99.25], write: -123.25)
    let table = NodeTable([NodeRecord(node)], metric: "probability-difference")
    for line in try #require(table.text(on: Page())).split(separator: "\n") {
      #expect(line.count <= 100, "\(line.count): \(line)")
    }
  }

  /// No column is lost, and each part can be read by its first column.
  @Test(arguments: [20, 30, 40, 60, 200]) func `a wide table is shown in parts`(columns: Int) {
    var table = TextTable(["name": .left, "first": .right, "second": .right, "third": .right])
    table.add("a", "1.2345678", "2.2345678", "3.2345678")
    table.add("longer", "4", "5", "6")
    let text = table.text(on: Page(columns: columns))
    let parts = text.components(separatedBy: "\n\n")
    #expect(parts.count == [20: 3, 30: 2, 40: 1, 60: 1, 200: 1][columns])
    for part in parts {
      let lines = part.split(separator: "\n")
      #expect(lines.map { $0.prefix { $0 != " " } } == ["name", "a", "longer"])
      #expect(lines.allSatisfy { $0.count <= columns }, "\(part)")
    }
    for cell in ["1.2345678", "2.2345678", "3.2345678", " 4", " 5", " 6", "third"] {
      #expect(text.components(separatedBy: cell).count == 2, "\(cell)")
    }
    if columns == 200 { #expect(text == table.text) }
  }
}
