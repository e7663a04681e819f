import Graphs

/// A circuit at spans of the prompts: a column for each span, rows from `input` up to `logits`.
///
/// Edges stay in their column; what heads carry from span to span leads from column to column. Blue supports the
/// behaviour, red opposes it; widths show magnitudes. Of a large circuit the strongest edges are drawn.
public struct SpanDrawing: Sendable {
  private let title: String
  private let caption: String
  private let names: [String]
  private let links: [SpanReport.Link]
  private let crossings: [SpanCrossing]
  private let layout: SpanLayout
  /// The largest magnitude of a score of an edge, and of what is carried.
  private let largest: (edge: Double, crossing: Double)

  private static let mostEdges = 120
  private static let mostCrossings = 40
  /// What of the largest magnitude something carried has to have.
  private static let leastShare = 0.02

  init(_ report: SpanReport, title: String, caption: String) {
    let all = report.links
    let strongest = all.sorted { abs($1.score) < abs($0.score) }.prefix(Self.mostEdges)
    links = Array(strongest)
    names = report.scores.names
    self.title = title
    let drawn = Set(links.flatMap { [$0.edge.writer, $0.edge.reader.node].compactMap(\.self) })
    // What is hardly there would only put heads into columns where they do nothing.
    let carried = report.ownCrossings.filter { drawn.contains($0.head) }
    let least = Self.leastShare * abs(carried.first?.score ?? 0)
    crossings = Array(carried.prefix(Self.mostCrossings).prefix { abs($0.score) >= least })
    let part =
      all.count > links.count
      ? "\nthe \(Numbers.count(links.count)) strongest of \(Numbers.count(all.count)) edges at spans"
      : ""
    let leftOut = carried.count - crossings.count
    let weaker = leftOut > 0 ? "; \(Numbers.count(leftOut)) weaker ones left out" : ""
    let key = """

      blue supports the behaviour, red opposes it; widths: magnitudes of scores; dashed: what a head carries from span to \
      span\(weaker)
      """
    self.caption = caption + part + key
    layout = SpanLayout(links, crossings, names)
    largest = (
      links.map { Double(abs($0.score)) }.max() ?? 0, crossings.map { abs($0.score) }.max() ?? 0
    )
  }

  /// The drawing as marks.
  public var figure: Figure {
    let (heading, bottom) = Figure.heading(title, caption: caption, left: 14, width: layout.width)
    let placed = layout.placed(below: bottom + 24)
    let titles = names.indices.map {
      Figure.Mark.text(names[$0], placed.middle(ofSpan: $0), bottom + 16, size: 12, .middle, .text)
    }
    let rules = names.indices.dropFirst().map { span in
      let x = placed.left(ofSpan: span) - SpanLayout.gap / 2
      return Figure.Mark.segment(
        Figure.Place(x, bottom + 6), Figure.Place(x, placed.height - 8), Figure.Stroke(ink: .grid))
    }
    return Figure(
      title: title, width: placed.width, height: placed.height,
      marks: heading + rules + titles + placed.labels + lookings(placed) + edges(placed)
        + nodes(placed))
  }

  private func edges(_ layout: SpanLayout) -> [Figure.Mark] {
    links.reversed().compactMap { link in
      guard let start = layout.frame(of: link.edge.writer, span: link.span),
        let end = layout.frame(of: link.edge.reader.node, span: link.span)
      else { return nil }
      let side = link.edge.reader.side * end.width / 3
      return curve(
        Figure.Place(start.minX + start.width / 2, start.minY),
        Figure.Place(end.minX + end.width / 2 + side, end.maxY), Double(link.score), largest.edge,
        dashes: [], tip: "\(link.edge) at \(names[link.span])")
    }
  }

  private func lookings(_ layout: SpanLayout) -> [Figure.Mark] {
    crossings.reversed().compactMap { crossing in
      guard let source = names.firstIndex(of: crossing.source),
        let target = names.firstIndex(of: crossing.target),
        let start = layout.frame(of: crossing.head, span: source),
        let end = layout.frame(of: crossing.head, span: target)
      else { return nil }
      return curve(
        Figure.Place(start.maxX, start.minY + start.height / 2),
        Figure.Place(end.minX, end.minY + end.height / 2), crossing.score, largest.crossing,
        dashes: [4, 3],
        tip:
          "\(crossing.head), \(crossing.projection) from \(crossing.source) to \(crossing.target)")
    }
  }

  private func curve(
    _ start: Figure.Place, _ end: Figure.Place, _ score: Double, _ largest: Double,
    dashes: [Double], tip: String
  ) -> Figure.Mark {
    let share = largest > 0 ? min(abs(score) / largest, 1) : 0
    let (pull, rise) =
      dashes.isEmpty ? (0, (start.y - end.y) / 2) : ((end.x - start.x) / 2, 14.0)
    return Figure.Mark(
      shape: .curve(
        start, Figure.Place(start.x + pull, start.y - rise),
        Figure.Place(end.x - pull, end.y + (dashes.isEmpty ? rise : -rise)), end),
      stroke: Figure.Stroke(
        ink: score < 0 ? .opposing : .supporting, width: 0.6 + 3.4 * share, dashes: dashes,
        opacity: 0.35 + 0.55 * share),
      tip: "\(tip): \(Numbers.signed(score))")
  }

  private func nodes(_ layout: SpanLayout) -> [Figure.Mark] {
    layout.cells.flatMap { cell -> [Figure.Mark] in
      guard let frame = layout.frame(of: cell.node, span: cell.span) else { return [] }
      let name = cell.node.map(\.description) ?? "logits"
      let fill: Ink =
        switch cell.node {
        case .head: .head
        case .mlp: .mlp
        case .input, nil: .end
        }
      return [
        Figure.Mark(
          shape: .rectangle(frame, corner: 4), stroke: Figure.Stroke(ink: .frame), fill: fill,
          tip: "\(name) at \(names[cell.span])"),
        .text(name, frame.minX + frame.width / 2, frame.minY + 12, size: 9, .middle, .text),
      ]
    }
  }
}

extension Reader {
  /// The node that reads; nil for `logits`.
  var node: Writer? {
    switch self {
    case .logits: nil
    case .mlp(let layer): .mlp(layer: layer)
    case .head(let layer, let index, _): .head(layer: layer, index: index)
    }
  }

  /// Where on a head's lower side it reads: left, middle or right.
  fileprivate var side: Double {
    guard case .head(_, _, let projection) = self else { return 0 }
    return projection == .query ? -1 : projection == .key ? 0 : 1
  }
}
