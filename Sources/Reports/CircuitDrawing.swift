public import Graphs

/// A circuit drawn as SVG: layers from bottom to top, heads by their number, MLPs on the right.
///
/// An edge's width shows the magnitude of its score; blue supports the behaviour, red opposes it.
/// Each head has three ports: query, key and value.
public struct CircuitDrawing: Sendable {
  private let circuit: Circuit
  private let scores: EdgeScores

  /// - Parameters:
  ///   - circuit: The circuit; nodes without edges are left out.
  ///   - scores: The scores of its edges.
  public init(_ circuit: Circuit, scores: EdgeScores) {
    self.circuit = circuit
    self.scores = scores
  }

  private struct Point {
    let x: Double
    let y: Double
  }

  private static let width = 960.0
  private static let labelWidth = 46.0
  private static let rowHeight = 52.0
  private static let margin = 30.0
  private static let nodeHeight = 18.0

  /// The drawing; it stands alone and takes its colours with it.
  public var svg: String {
    let rows = rows
    let height = 2 * Self.margin + Double(rows.count - 1) * Self.rowHeight + Self.nodeHeight
    let top = { (row: Int) in height - Self.margin - Self.nodeHeight - Double(row) * Self.rowHeight
    }
    var places: [Writer?: Point] = [:]
    for (row, nodes) in rows.enumerated() {
      for node in nodes { places[node] = Point(x: x(of: node), y: top(row)) }
    }
    let body = labels(rows, top) + links(places) + nodes(rows, places)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(Self.width)) \(number(height))" \
      font-family="system-ui, sans-serif" font-size="10" role="img">
      <title>Circuit of \(circuit.edgeCount) edges</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      \(body.joined(separator: "\n"))
      </svg>

      """
  }

  /// The nodes of each row from the bottom: `input`, then per layer heads and MLP; nil is `logits`.
  private var rows: [[Writer?]] {
    let members = Set(circuit.writers)
    let graph = circuit.graph
    let layers = (0..<graph.layerCount).flatMap { layer -> [[Writer?]] in
      let heads = graph.headWriters(layer: layer).map(graph.writer(at:)).filter(members.contains)
      let mlp = Writer.mlp(layer: layer)
      return [heads, members.contains(mlp) ? [mlp] : []]
    }
    return [[.input]] + layers.filter { !$0.isEmpty } + [[nil]]
  }

  private func x(of node: Writer?) -> Double {
    let space = Self.width - Self.labelWidth - 2 * Self.margin
    switch node {
    case .head(_, let index):
      let share = (Double(index) + 0.5) / Double(circuit.graph.headCount)
      return Self.labelWidth + Self.margin + 0.82 * space * share
    case .mlp: return Self.labelWidth + Self.margin + 0.94 * space
    case .input, nil: return Self.labelWidth + Self.margin + 0.41 * space
    }
  }

  private func nodeWidth(_ node: Writer?) -> Double {
    switch node {
    case .head: min(max(0.82 * (Self.width - 110) / Double(circuit.graph.headCount) - 4, 2), 54)
    case .mlp: 44
    case .input, nil: 90
    }
  }

  private func labels(_ rows: [[Writer?]], _ top: (Int) -> Double) -> [String] {
    rows.enumerated().compactMap { row, nodes in
      let layer: Int? =
        switch nodes.first {
        case .some(.some(.head(let layer, _))), .some(.some(.mlp(let layer))): layer
        default: nil
        }
      guard let layer else { return nil }
      let y = top(row) + Self.nodeHeight / 2 + 3
      return "<text x=\"6\" y=\"\(number(y))\" fill=\"#94a3b8\">layer \(layer)</text>"
    }
  }

  private func nodes(_ rows: [[Writer?]], _ places: [Writer?: Point]) -> [String] {
    rows.joined().compactMap { node in
      guard let place = places[node] else { return nil }
      let width = nodeWidth(node)
      let fill =
        switch node {
        case .head: "#fef3c7"
        case .mlp: "#e0e7ff"
        case .input, nil: "#f1f5f9"
        }
      let name = node.map(\.description) ?? "logits"
      let label = width < 40 ? name.split(separator: ".").last.map(String.init) ?? name : name
      return """
        <g><title>\(name)</title><rect x="\(number(place.x - width / 2))" y="\(number(place.y))" \
        width="\(number(width))" height="\(number(Self.nodeHeight))" rx="4" fill="\(fill)" \
        stroke="#475569"/><text x="\(number(place.x))" y="\(number(place.y + 12.5))" \
        text-anchor="middle" fill="#0f172a">\(label)</text></g>
        """
    }
  }

  /// The edges, the weakest first so that strong ones lie on top.
  private func links(_ places: [Writer?: Point]) -> [String] {
    let largest = circuit.offsets.map { abs(scores.values[$0]) }.max() ?? 0
    let ordered = circuit.offsets.sorted {
      (abs(scores.values[$0]), $0) < (abs(scores.values[$1]), $1)
    }
    return ordered.flatMap { offset -> [String] in
      let edge = circuit.graph.edge(at: offset)
      let score = scores.values[offset]
      let share = largest > 0 ? Double(abs(score) / largest) : 0
      guard let start = places[edge.writer] else { return [] }
      return ends(of: edge.reader, places).map { end in
        let middle = (start.y + end.y) / 2
        // An edge straight up would hide behind the nodes between its ends.
        let bow = abs(start.x - end.x) < 1 ? min((start.y - end.y) / 8, 44) : 0
        return """
          <path d="M\(number(start.x)) \(number(start.y)) C\(number(start.x + bow)) \(number(middle)) \
          \(number(end.x + bow)) \(number(middle)) \(number(end.x)) \(number(end.y))" fill="none" \
          stroke="\(score < 0 ? "#dc2626" : "#2563eb")" stroke-width="\(number(0.6 + 4.4 * share))" \
          stroke-opacity="\(number(0.25 + 0.65 * share))"><title>\
          \(xml("\(edge)")): \(Numbers.signed(Double(score)))</title></path>
          """
      }
    }
  }

  /// Where edges into a reader end: its port below each node that reads through it.
  private func ends(of reader: Reader, _ places: [Writer?: Point]) -> [Point] {
    let ports: [(Writer?, Double)] =
      switch reader {
      case .logits: [(nil, 0)]
      case .mlp(let layer): [(.mlp(layer: layer), 0)]
      case .head(let layer, _, let projection):
        circuit.graph.heads(readingThrough: reader).map {
          (.head(layer: layer, index: $0), projection == .query ? -1 : projection == .key ? 0 : 1)
        }
      }
    return ports.compactMap { node, side in
      places[node].map {
        Point(x: $0.x + side * nodeWidth(node) / 3, y: $0.y + Self.nodeHeight)
      }
    }
  }

  private func number(_ value: Double) -> String { Numbers.fixed(value, 1) }
}

/// Text made safe inside of XML and HTML.
func xml(_ text: String) -> String {
  text.reduce(into: "") { result, character in
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    default: result.append(character)
    }
  }
}
