public import Graphs

/// A circuit, or two over each other, drawn from bottom to top: for each layer a row of heads and a row with its MLP.
///
/// An edge's width shows the magnitude of its score; of one circuit blue edges support the behaviour and red ones
/// oppose it, of two the colour says which of them has the edge. Each head has three ports: query, key and value. Of a
/// large circuit the strongest edges are drawn, and the drawing says how many it leaves out.
public struct CircuitDrawing: Sendable {
  /// What an edge's line looks like, and what that means.
  struct Look: Sendable {
    let ink: Ink
    var dashes: [Double] = []
    let meaning: String
  }

  /// An edge as it is drawn.
  struct Line: Sendable {
    /// The edge's place in a matrix `[writers, readers]`.
    let offset: Int
    /// What its width shows; what is no number is nothing.
    let magnitude: Float
    let look: Look
    /// What is said when it is pointed at.
    let tip: String
  }

  /// The edges that are drawn, with their nodes.
  let drawn: Circuit
  /// The lines of these edges, the strongest first.
  let lines: [Line]
  /// What the key explains.
  let looks: [Look]
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
    let looks = [
      Look(ink: .supporting, meaning: "supports the behaviour"),
      Look(ink: .opposing, meaning: "opposes it"),
    ]
    let lines = circuit.offsets.map { offset in
      Line(
        offset: offset, magnitude: scores.magnitude(offset),
        look: looks[scores.values[offset] < 0 ? 1 : 0],
        tip: "\(circuit.graph.edge(at: offset)): \(scores.text(offset))")
    }
    self.init(
      lines, of: circuit.graph, looks: looks,
      title: title ?? "Circuit of \(Numbers.count(circuit.edgeCount, "edge"))", caption: caption,
      edgeLimit: edgeLimit)
  }

  /// Draws two circuits of one graph: edges of both, and those that only one of them has.
  ///
  /// - Parameters:
  ///   - first: A circuit and the scores of all edges.
  ///   - second: Another one. An edge is as wide as the larger of its two scores.
  ///   - title: What is compared.
  ///   - caption: What the circuits were made from, a line for each.
  ///   - edgeLimit: How many edges are drawn at most, those with the largest magnitudes.
  public init(
    _ first: (circuit: Circuit, scores: EdgeScores),
    and second: (circuit: Circuit, scores: EdgeScores),
    title: String, caption: String = "", edgeLimit: Int = 120
  ) {
    let graph = first.circuit.graph
    precondition(graph == second.circuit.graph, "circuits of two graphs")
    let looks = [
      Look(ink: .frame, meaning: "in both"),
      Look(ink: .lines[3], dashes: [6, 3], meaning: "only in the first"),
      Look(ink: .lines[2], meaning: "only in the second"),
    ]
    let (isFirst, isSecond) = (Set(first.circuit.offsets), Set(second.circuit.offsets))
    let lines = isFirst.union(isSecond).sorted().map { offset in
      let owner = !isFirst.contains(offset) ? 2 : isSecond.contains(offset) ? 0 : 1
      return Line(
        offset: offset,
        magnitude: max(first.scores.magnitude(offset), second.scores.magnitude(offset)),
        look: looks[owner],
        tip: """
          \(graph.edge(at: offset)), \(looks[owner].meaning): \(first.scores.text(offset)), \
          \(second.scores.text(offset))
          """)
    }
    self.init(
      lines, of: graph, looks: looks, title: title, caption: caption, edgeLimit: edgeLimit)
  }

  private init(
    _ lines: [Line], of graph: ComputationGraph, looks: [Look], title: String, caption: String,
    edgeLimit: Int
  ) {
    let ordered = lines.sorted { ($1.magnitude, $0.offset) < ($0.magnitude, $1.offset) }
    let strongest = ordered.prefix(max(edgeLimit, 0))
    let leftOut = ordered.dropFirst(strongest.count)
    self.lines = Array(strongest)
    self.looks = looks
    self.title = title
    drawn = Circuit(offsets: strongest.map(\.offset), graph: graph)
    leftOutEdgeCount = leftOut.count
    largest = strongest.first?.magnitude ?? 0
    let part = leftOut.first.map { weaker in
      """
      the \(Numbers.count(strongest.count)) strongest of \
      \(Numbers.count(lines.count, "edge")); \(Numbers.count(leftOut.count)) left out, of \
      magnitude \(Numbers.short(Double(weaker.magnitude))) or less
      """
    }
    let isShared = strongest.contains {
      graph.heads(readingThrough: graph.edge(at: $0.offset).reader).count > 1
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
    lines.sorted { ($0.magnitude, $0.offset) < ($1.magnitude, $1.offset) }.flatMap {
      line -> [Figure.Mark] in
      let edge = drawn.graph.edge(at: line.offset)
      guard let node = layout.frame(of: edge.writer) else { return [] }
      let start = Figure.Place(node.minX + node.width / 2, node.minY)
      return layout.ends(of: edge.reader).map { end in
        let middle = (start.y + end.y) / 2
        let bow = layout.bow(from: start, to: end)
        return Figure.Mark(
          shape: .curve(
            start, Figure.Place(start.x + bow, middle), Figure.Place(end.x + bow, middle), end),
          stroke: stroke(line.magnitude, line.look), tip: line.tip)
      }
    }
  }

  private func stroke(_ magnitude: Float, _ look: Look) -> Figure.Stroke {
    let share = largest > 0 ? Double(min(magnitude / largest, 1)) : 0
    return Figure.Stroke(
      ink: look.ink, width: 0.6 + 4.4 * (share.isNaN ? 0 : share), dashes: look.dashes,
      opacity: 0.35 + 0.55 * (share.isNaN ? 0 : share))
  }

  // The key -------------------------------------------------------------------------------------

  /// What colours, widths and ports mean, in rows as wide as the drawing; and where it ends.
  private func key(width: Double, top: Double) -> (marks: [Figure.Mark], bottom: Double) {
    let scale: [Float] = largest > 0 ? [1, 0.5, 0.1].map { $0 * largest } : []
    let items: [(stroke: Figure.Stroke?, text: String)] =
      looks.map { (stroke(largest, $0), $0.meaning) }
      + [(nil, "width, magnitude of the score:")]
      + scale.map { (stroke($0, looks[0]), Numbers.short(Double($0))) }
      + [(nil, "a head's ports from left to right: query, key, value")]
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

  fileprivate func text(_ offset: Int) -> String { Numbers.signed(Double(values[offset])) }
}
