public import Graphs

/// A circuit drawn from bottom to top: for each layer a row of heads and a row with its MLP.
///
/// An edge's width shows the magnitude of its score; blue supports the behaviour, red opposes it.
/// Each head has three ports: query, key and value. Of a large circuit the strongest edges are
/// drawn, and the drawing says how many it leaves out.
public struct CircuitDrawing: Sendable {
  /// The edges that are drawn, with their nodes.
  let drawn: Circuit
  let scores: EdgeScores
  /// The largest magnitude of a score, which the widest line shows.
  let largest: Float
  let title: String
  let caption: String

  /// How many edges are drawn: an edge into keys or values that heads share is drawn into each of them, but is one.
  public var drawnEdgeCount: Int { drawn.edgeCount }
  /// How many edges of the circuit, the weakest, are left out.
  public let leftOutEdgeCount: Int

  /// Draws a circuit.
  ///
  /// - Parameters:
  ///   - circuit: The circuit; nodes without edges are left out.
  ///   - scores: The scores of its edges.
  ///   - title: What the circuit is of; nil for a count of its edges.
  ///   - caption: What it was made from (model, task, method, prompts), a line for each.
  ///   - edgeLimit: How many edges are drawn at most, those with the largest magnitudes.
  public init(
    _ circuit: Circuit, scores: EdgeScores, title: String? = nil, caption: String = "",
    edgeLimit: Int = 120
  ) {
    let ordered = circuit.offsets.sorted {
      (scores.magnitude($1), $0) < (scores.magnitude($0), $1)
    }
    let strongest = ordered.prefix(max(edgeLimit, 0))
    let leftOut = ordered.dropFirst(strongest.count)
    // The circuit's own edges are edges of its graph.
    drawn = Circuit(strongest.map(circuit.graph.edge(at:)), graph: circuit.graph) ?? circuit
    leftOutEdgeCount = leftOut.count
    largest = strongest.first.map(scores.magnitude) ?? 0
    self.scores = scores
    self.title = title ?? "Circuit of \(Numbers.count(circuit.edgeCount, "edge"))"
    let part = leftOut.first.map { weaker in
      """
      the \(Numbers.count(strongest.count)) strongest of \
      \(Numbers.count(circuit.edgeCount, "edge")); \(Numbers.count(leftOut.count)) left out, of \
      magnitude \(Numbers.short(Double(scores.magnitude(weaker)))) or less
      """
    }
    let isShared = drawn.offsets.contains {
      circuit.graph.heads(readingThrough: circuit.graph.edge(at: $0).reader).count > 1
    }
    let sharing =
      isShared ? "an edge into keys or values that heads share is drawn into each of them" : nil
    self.caption = ([caption] + [part, sharing].compactMap(\.self)).joined(separator: "\n")
  }

  /// The drawing as marks.
  public var figure: Figure {
    let layout = CircuitLayout(drawn)
    let (heading, bottom) = Figure.heading(
      title, caption: caption, left: 14, width: layout.width)
    let (key, top) = key(width: layout.width, top: bottom)
    let placed = layout.placed(below: top + 10)
    return Figure(
      title: title, width: layout.width, height: placed.height,
      marks: heading + key + labels(placed) + links(placed) + nodes(placed))
  }

  /// The drawing as SVG; it stands alone.
  public var svg: String { figure.svg }

  private func labels(_ layout: CircuitLayout) -> [Figure.Mark] {
    layout.rows.enumerated().compactMap { row, nodes in
      let y = layout.y(ofRow: row) + CircuitLayout.nodeHeight / 2 + 4
      return switch nodes.first {
      case .some(.some(.head(let layer, _))): .text("layer \(layer) attention", 14, y, size: 11)
      case .some(.some(.mlp(let layer))): .text("layer \(layer) MLP", 14, y, size: 11)
      default: nil
      }
    }
  }

  private func nodes(_ layout: CircuitLayout) -> [Figure.Mark] {
    layout.rows.joined().flatMap { node -> [Figure.Mark] in
      guard let frame = layout.frame(of: node) else { return [] }
      let fill: Ink =
        switch node {
        case .head: .head
        case .mlp: .mlp
        case .input, nil: .end
        }
      let name = node.map(\.description) ?? "logits"
      let fits = LetterWidths.width(of: name, size: 10) <= frame.width - 4
      let label = fits ? name : name.split(separator: ".").last.map(String.init) ?? name
      return [
        Figure.Mark(
          shape: .rectangle(frame, corner: 4), stroke: Figure.Stroke(ink: .frame), fill: fill,
          tip: name),
        .text(
          label, frame.minX + frame.width / 2, frame.minY + 12.5, size: 10, .middle, .text),
      ]
    }
  }

  // Edges ---------------------------------------------------------------------------------------

  /// The edges, the weakest first so that strong ones lie on top.
  private func links(_ layout: CircuitLayout) -> [Figure.Mark] {
    drawn.offsets.sorted {
      (scores.magnitude($0), $0) < (scores.magnitude($1), $1)
    }.flatMap { offset -> [Figure.Mark] in
      let edge = drawn.graph.edge(at: offset)
      let score = scores.values[offset]
      guard let node = layout.frame(of: edge.writer) else { return [] }
      let start = Figure.Place(node.minX + node.width / 2, node.minY)
      return layout.ends(of: edge.reader).map { end in
        let middle = (start.y + end.y) / 2
        let bow = layout.bow(from: start, to: end)
        return Figure.Mark(
          shape: .curve(
            start, Figure.Place(start.x + bow, middle), Figure.Place(end.x + bow, middle), end),
          stroke: stroke(score), tip: "\(edge): \(Numbers.signed(Double(score)))")
      }
    }
  }

  private func stroke(_ score: Float) -> Figure.Stroke {
    let share = largest > 0 ? Double(min(abs(score) / largest, 1)) : 0
    return Figure.Stroke(
      ink: score < 0 ? .opposing : .supporting,
      width: 0.6 + 4.4 * (share.isNaN ? 0 : share), opacity: 0.35 + 0.55 * (share.isNaN ? 0 : share)
    )
  }

  // The key -------------------------------------------------------------------------------------

  /// What colours, widths and ports mean, in rows as wide as the drawing; and where it ends.
  private func key(width: Double, top: Double) -> (marks: [Figure.Mark], bottom: Double) {
    let scale: [Float] = largest > 0 ? [1, 0.5, 0.1].map { $0 * largest } : []
    let items: [(stroke: Figure.Stroke?, text: String)] =
      [
        (stroke(largest), "supports the behaviour"), (stroke(-largest), "opposes it"),
        (nil, "width, magnitude of the score:"),
      ] + scale.map { (stroke($0), Numbers.short(Double($0))) } + [
        (nil, "a head's ports from left to right: query, key, value")
      ]
    var marks: [Figure.Mark] = []
    var (x, y) = (14.0, top + 10)
    for item in items {
      let sample = item.stroke == nil ? 0 : 30.0
      let length = sample + LetterWidths.width(of: item.text, size: 11)
      if x > 14, x + length > width - 14 { (x, y) = (14, y + 16) }
      if let stroke = item.stroke {
        marks.append(
          .segment(Figure.Place(x, y), Figure.Place(x + 24, y), stroke))
      }
      marks.append(.text(item.text, x + sample, y + 4, size: 11))
      x += length + 18
    }
    return (marks, y + 8)
  }
}

extension EdgeScores {
  /// How strong an edge is, from its place in the matrix; what is no number is nothing.
  fileprivate func magnitude(_ offset: Int) -> Float {
    values[offset].isNaN ? 0 : abs(values[offset])
  }
}
