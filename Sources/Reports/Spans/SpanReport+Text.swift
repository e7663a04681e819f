import Evaluation
import Graphs

extension SpanReport {
  /// The spans, and what stands there in the first prompt, in a line.
  var spanText: String {
    zip(scores.names, examples).map { "\($0) \"\($1)\"" }.joined(separator: ", ")
  }

  /// What the columns of sizes mean.
  var legend: String {
    """
    edges at spans: an edge counts once for each span; as many at all tokens: edges that are intact at all \
    \(scores.names.count) spans; \(isHeldOut ? "measured on \(prompts): held out" : "measured in sample, on \(prompts)")
    """
  }

  /// What circuits of several sizes do.
  var sizeTable: TextTable {
    var table = TextTable([
      "edges at spans": .right, "faithfulness": .right, "± s.e.": .right,
      "as many at all tokens": .right, "faithfulness ": .right, "± s.e. ": .right,
    ])
    let error = { (found: Faithfulness) in found.standardError.map(Numbers.percent) ?? "" }
    for size in sizes {
      table.add(
        Numbers.count(size.edgeCount), Numbers.percent(size.positioned.value),
        error(size.positioned), Numbers.count(size.wholeCount), Numbers.percent(size.whole.value),
        error(size.whole))
    }
    return table
  }

  /// The circuit's best edges at their spans.
  func edgeTable(_ count: Int) -> TextTable {
    var table = TextTable(["rank": .right, "edge": .left, "at": .left, "score": .right])
    for (index, link) in links.prefix(count).enumerated() {
      table.add(
        "\(index + 1)", "\(link.edge)", place(link.span), Numbers.signed(Double(link.score)))
    }
    return table
  }

  private func place(_ span: Int) -> String { "\(scores.names[span]) \"\(examples[span])\"" }

  /// What heads of the circuit carry from span to span; nil when nothing was found.
  func crossingTable(_ count: Int) -> TextTable? {
    guard !ownCrossings.isEmpty else { return nil }
    var table = TextTable([
      "head": .left, "looks from": .left, "to": .left, "by": .left, "score": .right,
    ])
    for crossing in ownCrossings.prefix(count) {
      table.add(
        "\(crossing.head)", crossing.target, crossing.source,
        crossing.projection == .key ? "keys" : "values", Numbers.signed(crossing.score))
    }
    return table
  }

  /// The circuit at spans, for a terminal.
  public func text(on page: Page = Page()) -> String {
    [
      "spans of the prompts: \(spanText)", sizeTable.text(on: page) + "\n" + legend,
      """
      the circuit of \(Numbers.count(circuit.edgeCount)) edges at spans (\(Numbers.count(circuit.distinctEdgeCount)) \
      different edges)
      \(edgeTable(page.rows).text(on: page))
      """,
      crossingTable(page.rows).map {
        "what its heads carry from span to span\n\($0.text(on: page))"
      },
    ].compactMap(\.self).joined(separator: "\n\n")
  }

  /// The part of a page that tells of spans.
  func html(_ figure: String) -> String {
    """
    <h2>At spans of the prompts</h2>
    <p class="quiet">\(xml(spanText))</p>
    \(sizeTable.html)
    <p class="quiet">\(xml(legend))</p>
    <figure>
    \(figure)</figure>
    \(edgeTable(30).html)
    \(crossingTable(30).map { "<h3>What its heads carry from span to span</h3>\n\($0.html)" } ?? "")
    """
  }

  /// What circuits of several sizes do, as CSV.
  public var curve: String {
    csv(
      ["edges_at_spans", "faithfulness", "edges_at_all_tokens", "faithfulness_at_all_tokens"],
      sizes.map {
        [
          "\($0.edgeCount)", Numbers.exact($0.positioned.value), "\($0.wholeCount)",
          Numbers.exact($0.whole.value),
        ]
      })
  }

  /// The circuit's edges at their spans as CSV, best first.
  public var edges: String {
    csv(
      ["span", "text", "edge", "score"],
      links.map {
        [
          scores.names[$0.span], examples[$0.span], "\($0.edge)", Numbers.exact(Double($0.score)),
        ]
      })
  }

  /// What all heads carry from span to span as CSV, by magnitude.
  public var crossingList: String {
    csv(
      ["head", "projection", "source", "target", "score"],
      crossings.map {
        [
          "\($0.head)", $0.projection.rawValue, $0.source, $0.target, Numbers.exact($0.score),
        ]
      })
  }
}

/// What a report of spans says, as files hold it.
public struct SpanReportRecord: Encodable, Sendable {
  struct Size: Encodable, Sendable {
    let edges: Int
    let faithfulness: Double?
    let edgesAtAllTokens: Int
    let faithfulnessAtAllTokens: Double?
  }

  let names: [String]
  let edges: Int
  let differentEdges: Int
  let prompts: String
  let isHeldOut: Bool
  let sizes: [Size]

  /// Takes what a report says.
  public init(_ report: SpanReport) {
    names = report.scores.names
    edges = report.circuit.edgeCount
    differentEdges = report.circuit.distinctEdgeCount
    (prompts, isHeldOut) = (report.prompts, report.isHeldOut)
    sizes = report.sizes.map {
      Size(
        edges: $0.edgeCount, faithfulness: finite($0.positioned.value),
        edgesAtAllTokens: $0.wholeCount, faithfulnessAtAllTokens: finite($0.whole.value))
    }
  }
}
