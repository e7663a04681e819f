import Graphs

/// Where the nodes of a circuit at spans stand: a column for each span, rows for layers.
struct SpanLayout {
  /// A node at a span; nil is `logits`.
  struct Cell: Hashable {
    let node: Writer?
    let span: Int
  }

  static let gap = 26.0
  private static let labelWidth = 84.0
  private static let nodeWidth = 44.0
  private static let nodeHeight = 16.0
  private static let rowHeight = 40.0

  /// All nodes at spans, column by column, each from the bottom.
  let cells: [Cell]
  /// The width of the drawing.
  let width: Double
  /// The height of the drawing.
  private(set) var height = 0.0
  private let lefts: [Double]
  private let widths: [Double]
  private let rowOfLevel: [Int: Int]
  private let places: [Cell: (place: Int, count: Int)]

  init(_ links: [SpanReport.Link], _ crossings: [SpanCrossing], _ names: [String]) {
    var known: Set<Cell> = []
    for link in links {
      known.insert(Cell(node: link.edge.writer, span: link.span))
      known.insert(Cell(node: link.edge.reader.node, span: link.span))
    }
    for crossing in crossings {
      for name in [crossing.source, crossing.target] {
        if let span = names.firstIndex(of: name) {
          known.insert(Cell(node: crossing.head, span: span))
        }
      }
    }
    cells = known.sorted { one, other in
      (one.span, Self.level(one.node), Self.index(one.node))
        < (other.span, Self.level(other.node), Self.index(other.node))
    }
    let levels = Set(cells.map { Self.level($0.node) }).sorted()
    rowOfLevel = [Int: Int](uniqueKeysWithValues: zip(levels, 0...))
    var places: [Cell: (place: Int, count: Int)] = [:]
    var widest = [Int](repeating: 1, count: names.count)
    for (span, _) in names.enumerated() {
      for level in levels {
        let row = cells.filter { $0.span == span && Self.level($0.node) == level }
        widest[span] = max(widest[span], row.count)
        for (place, cell) in row.enumerated() { places[cell] = (place, row.count) }
      }
    }
    self.places = places
    widths = zip(widest, names).map { count, name in
      max(Double(count) * (Self.nodeWidth + 6), LetterWidths.width(of: name, size: 12) + 8)
    }
    var left = Self.labelWidth
    lefts = widths.map { width in
      defer { left += width + Self.gap }
      return left
    }
    width = left + 10
  }

  /// The layout with its rows below a heading.
  func placed(below top: Double) -> SpanLayout {
    var placed = self
    placed.height = top + Double(rowOfLevel.count) * Self.rowHeight + 10
    return placed
  }

  /// The left end of a span's column.
  func left(ofSpan span: Int) -> Double { lefts[span] }
  /// The middle of a span's column.
  func middle(ofSpan span: Int) -> Double { lefts[span] + widths[span] / 2 }

  /// A node's rectangle at a span; nil for one that is not drawn.
  func frame(of node: Writer?, span: Int) -> Figure.Frame? {
    guard let place = places[Cell(node: node, span: span)],
      let row = rowOfLevel[Self.level(node)]
    else { return nil }
    let step = Self.nodeWidth + 6
    let start = middle(ofSpan: span) - Double(place.count) * step / 2
    return Figure.Frame(
      minX: start + Double(place.place) * step + 3, minY: y(ofRow: row), width: Self.nodeWidth,
      height: Self.nodeHeight)
  }

  /// What each row is, on the left.
  var labels: [Figure.Mark] {
    rowOfLevel.sorted { $0.key < $1.key }.compactMap { level, row in
      guard level > 0, level < .max else { return nil }
      let layer = (level - 1) / 2
      return .text(
        "layer \(layer) \(level % 2 == 1 ? "heads" : "MLP")", 10, y(ofRow: row) + 12, size: 10)
    }
  }

  private func y(ofRow row: Int) -> Double {
    height - 10 - Self.nodeHeight - Double(row) * Self.rowHeight
  }

  private static func level(_ node: Writer?) -> Int {
    switch node {
    case .input: 0
    case .head(let layer, _): 2 * layer + 1
    case .mlp(let layer): 2 * layer + 2
    case nil: .max
    }
  }

  private static func index(_ node: Writer?) -> Int {
    if case .head(_, let index) = node { index } else { 0 }
  }
}
