import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import Reports
import Testing

/// Figures are files that others can read: well-formed XML, and PDF whose table leads to its objects.
@Suite struct FigureTests {
  /// Points with whiskers, dashes, clipped values, text that has to be escaped.
  private let figure = LinePlot(
    "<title> (1) – \\ τ ≥ 85 %", caption: "a & b",
    x: LinePlot.Axis("x", 0...1, ticks: [(0.5, "½ \"quoted\"")]),
    y: LinePlot.Axis("y", 0...1, ticks: [(0.5, "half")]),
    series: [
      LinePlot.Series("one", [LinePlot.Point(0, 0), LinePlot.Point(0.3, 7, range: -3...9)]),
      LinePlot.Series("two", [LinePlot.Point(0, 1), LinePlot.Point(1, 0)], isDashed: true),
    ]
  ).figure

  @Test func `SVG is well-formed and has a size of its own`() {
    let parser = XMLParser(data: Data(figure.svg.utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    let size = "width=\"\(figure.width)\" height=\"\(figure.height)\""
    #expect(figure.svg.contains(size + " viewBox=\"0 0 \(figure.width) \(figure.height)\""))
  }

  @Test func `every colour of a figure has its dark one`() {
    let inks = figure.marks.flatMap { [$0.fill, $0.stroke?.ink].compactMap(\.self) }
    #expect(!inks.isEmpty)
    for ink in inks + [Ink.paper] {
      #expect(figure.svg.contains("[fill=\"\(ink.name)\"] { fill: \(ink.darkName) }"))
    }
    let palette =
      Set(Ink.lines + [.paper, .text, .quiet, .grid, .frame, .head, .mlp, .end])
    #expect(Set(palette.map(\.light)).count == palette.count)
  }

  @Test func `the same marks give the same bytes`() {
    #expect(figure.svg == figure.svg && figure.pdf == figure.pdf)
  }

  @Test func `a PDF's table leads to its objects`() throws {
    let bytes = Array(figure.pdf.utf8)
    #expect(bytes.allSatisfy { $0 < 0x80 })
    let lines = figure.pdf.components(separatedBy: "\n")
    #expect(lines.first == "%PDF-1.4" && lines.suffix(2) == ["%%EOF", ""])
    let start = try #require(Int(lines[lines.count - 3]))
    let table = String(decoding: bytes[start...], as: UTF8.self).components(separatedBy: "\n")
    #expect(table[0] == "xref")
    let count = try #require(table[1].split(separator: " ").last.flatMap { Int($0) })
    #expect(table[2] == "0000000000 65535 f ")
    for object in 1..<count {
      let entry = table[2 + object]
      #expect(entry.utf8.count == 19 && entry.hasSuffix(" 00000 n "))
      let offset = try #require(Int(entry.prefix(10)))
      let text = String(decoding: bytes[offset...].prefix(12), as: UTF8.self)
      #expect(text.hasPrefix("\(object) 0 obj\n"), "\(text)")
    }
    #expect(table[2 + count] == "trailer" && table[3 + count].contains("/Size \(count)"))
  }

  @Test func `a PDF's stream is as long as it says and its strings are closed`() throws {
    let pdf = figure.pdf
    let length = try #require(
      pdf.components(separatedBy: "/Length ").dropFirst().first.flatMap {
        Int($0.prefix { $0.isNumber })
      })
    let stream = try #require(pdf.components(separatedBy: ">>\nstream\n").dropFirst().first)
      .components(separatedBy: "\nendstream")[0]
    #expect(stream.utf8.count == length)
    #expect(stream.contains("(<title> \\(1\\) \\226 \\\\ tau >= 85 %) Tj"), "\(stream)")
    #expect(stream.contains("(\\275 \"quoted\") Tj"))
    #expect(stream.contains("[6.00 4.00] 0 d"))
    #expect(pdf.contains("/MediaBox [0 0 \(figure.width)0 \(figure.height)0]"))
  }

  @Test func `letters are as wide as Helvetica's`() {
    // From Adobe's metrics: H 722, e 556, l 222, v 500, t 278, i 222, c 500, a 556.
    #expect(LetterWidths.width(of: "Helvetica", size: 10) == 41.12)
    #expect(LetterWidths.width(of: "–…½", size: 1000) == 2112)
  }
}
