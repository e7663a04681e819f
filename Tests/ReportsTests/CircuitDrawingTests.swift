import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import Graphs
import Reports
import TestSupport
import Testing

/// A drawing shows a circuit's edges, or the strongest of them and how many it leaves out.
@Suite struct CircuitDrawingTests {
  private func scores(layers: Int, heads: Int, keyValueReaders: Int) -> EdgeScores {
    let graph = ComputationGraph(
      layerCount: layers, headCount: heads, keyValueReaderCount: keyValueReaders, dModel: 4)
    let count = graph.writerCount * graph.readerCount
    return EdgeScores((0..<count).map { Float($0 * 7919 % 1009) - 500 }, graph: graph)
  }

  @Test(arguments: [0, 1, 5, 1000]) func `a small circuit is drawn whole`(edges: Int) {
    let scores = scores(layers: 2, heads: 2, keyValueReaders: 1)
    let circuit = scores.circuit(edgeCount: edges)
    let drawing = CircuitDrawing(circuit, scores: scores)
    let parser = XMLParser(data: Data(drawing.svg.utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    let drawn = circuit.edges.map { edge in
      // A key or value reader that two heads share is drawn into both.
      if case .head(_, _, let projection) = edge.reader { projection == .query ? 1 : 2 } else { 1 }
    }.reduce(0, +)
    #expect(drawing.figure.curves.count == drawn)
    #expect(drawing.drawnEdgeCount == circuit.edgeCount && drawing.leftOutEdgeCount == 0)
    #expect(!drawing.svg.contains("left out"))
    #expect(drawing.svg.contains("drawn into each") == (drawn > circuit.edgeCount))
  }

  @Test func `of a large circuit the strongest edges are drawn and the others counted`() {
    let scores = scores(layers: 30, heads: 9, keyValueReaders: 9)
    let circuit = scores.circuit(edgeCount: 2000)
    let drawing = CircuitDrawing(circuit, scores: scores, caption: "ioi, 100 pairs")
    #expect(drawing.drawnEdgeCount == 120 && drawing.leftOutEdgeCount == 1880)
    #expect(drawing.drawnEdgeCount + drawing.leftOutEdgeCount == circuit.edgeCount)
    #expect(drawing.figure.curves.count == 120)
    let shown = Set(drawing.figure.curves.compactMap(\.tip))
    let strongest = scores.top(120).map { "\($0.edge): \(Numbers.signed(Double($0.score)))" }
    #expect(shown == Set(strongest))
    let texts = drawing.figure.texts
    #expect(texts.first == "Circuit of 2,000 edges" && texts.contains("ioi, 100 pairs"))
    #expect(
      texts.contains { $0.hasPrefix("the 120 strongest of 2,000 edges; 1,880 left out, of") })
  }

  @Test func `rows say which layer's attention and MLP they are`() {
    let scores = scores(layers: 3, heads: 2, keyValueReaders: 2)
    let texts = CircuitDrawing(scores.circuit(edgeCount: 500), scores: scores).figure.texts
    for layer in 0..<3 {
      #expect(texts.contains("layer \(layer) attention") && texts.contains("layer \(layer) MLP"))
    }
  }

  @Test(arguments: [(30, 9), (4, 64), (1, 1)]) func `nodes stand apart and all marks on the page`(
    layers: Int, heads: Int
  ) {
    let scores = scores(layers: layers, heads: heads, keyValueReaders: heads)
    let figure = CircuitDrawing(
      scores.circuit(edgeCount: 2000), scores: scores,
      caption: String(repeating: "words ", count: 60)
    ).figure
    let page = Figure.Frame(minX: 0, minY: 0, width: figure.width, height: figure.height)
    var nodes: [Figure.Frame] = []
    for mark in figure.marks {
      switch mark.shape {
      case .rectangle(let frame, _):
        #expect(!nodes.contains { $0.overlaps(frame) })
        nodes.append(frame)
      case .curve(let start, let first, let second, let end):
        #expect([start, first, second, end].allSatisfy(page.contains))
        #expect(start.y > end.y, "edges lead upward")
      case .text(let text):
        let width = LetterWidths.width(of: text.string, size: text.size)
        #expect(text.place.x + (text.anchor == .middle ? width / 2 : width) <= figure.width)
      default: break
      }
    }
    #expect(!nodes.isEmpty && nodes.allSatisfy { page.contains(Figure.Place($0.maxX, $0.maxY)) })
  }

  @Test func `edges are drawn blue or red by sign and wide by magnitude, and the key says so`() {
    let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)
    let scores = EdgeScores(["input->m0": 3, "m0->logits": -1.5, "input->logits": 0], graph: graph)
    let drawing = CircuitDrawing(scores.circuit(edgeCount: 2), scores: scores)
    let edges = drawing.figure.curves
    // The strongest is drawn last.
    #expect(edges.map(\.stroke?.ink) == [.opposing, .supporting])
    // 0.6 and half, or all, of 4.4 more.
    #expect(
      edges.map { Numbers.fixed($0.stroke?.width ?? 0, 9) } == ["2.800000000", "5.000000000"])
    #expect(edges.map(\.tip) == ["m0->logits: -1.5000", "input->m0: +3.0000"])
    #expect(drawing.svg.contains("stroke=\"#dc2626\" stroke-width=\"2.8\""))
    let texts = drawing.figure.texts
    for width in ["3.000", "1.500", "0.300"] { #expect(texts.contains(width)) }
    let key = drawing.figure.marks.compactMap { mark in
      if case .line = mark.shape { mark.stroke?.width } else { nil }
    }
    #expect(key.count == 5 && key[2] == 5 && key[3] == edges[0].stroke?.width)
  }

  @Test func `scores that are no numbers draw thin lines`() {
    let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)
    let scores = EdgeScores(["input->m0": .nan, "m0->logits": .infinity], graph: graph)
    let circuit = Circuit(["input->m0", "m0->logits"].compactMap { Edge($0) }, graph: graph)
    let svg = circuit.map { CircuitDrawing($0, scores: scores).svg } ?? ""
    #expect(svg.contains("<path") && !svg.contains("nan") && !svg.contains("–\""))
  }

  @Test func `of two circuits the look says which has an edge, and the width its larger score`() {
    let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)
    let first = EdgeScores(["input->m0": 1, "m0->logits": 2], graph: graph)
    let second = EdgeScores(["input->m0": -4, "input->logits": 3], graph: graph)
    let drawing = CircuitDrawing(
      (first.circuit(edgeCount: 2), first), and: (second.circuit(edgeCount: 2), second),
      title: "two")
    let edges = drawing.figure.curves
    #expect(
      edges.map(\.tip) == [
        "m0->logits, only in the first: +2.0000, +0.0000",
        "input->logits, only in the second: +0.0000, +3.0000",
        "input->m0, in both: +1.0000, -4.0000",
      ])
    #expect(edges.map(\.stroke?.ink) == [.lines[3], .lines[2], .frame])
    #expect(edges.map { $0.stroke?.dashes.isEmpty } == [false, true, true])
    #expect(edges.map { Numbers.fixed($0.stroke?.width ?? 0) } == ["2.800", "3.900", "5.000"])
    for text in ["in both", "only in the first", "only in the second", "4.000"] {
      #expect(drawing.figure.texts.contains(text))
    }
    #expect(drawing.drawnEdgeCount == 3 && drawing.leftOutEdgeCount == 0)
    let limited = CircuitDrawing(
      (first.circuit(edgeCount: 2), first), and: (second.circuit(edgeCount: 2), second),
      title: "two", edgeLimit: 1)
    #expect(limited.leftOutEdgeCount == 2 && limited.figure.curves.map(\.tip) == [edges[2].tip])
  }
}
