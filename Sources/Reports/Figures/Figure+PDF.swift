extension Figure {
  /// The drawing as files: `NAME.svg` and `NAME.pdf`.
  package func files(named name: String) -> [String: String] {
    ["\(name).svg": svg, "\(name).pdf": pdf]
  }

  /// The drawing as a PDF of one page, on white, in pure ASCII.
  ///
  /// Text stays text, in Helvetica, which readers bring along. Nothing in it depends on the day.
  public var pdf: String {
    // Opacities are named states of a page.
    let opacities = Set(marks.compactMap(\.stroke).map(\.opacity)).sorted()
    let content = content(opacities)
    let states = opacities.enumerated().map { "/G\($0) << /CA \(number($1)) >>" }
    return Self.document([
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      """
      << /Type /Page /Parent 2 0 R /MediaBox [0 0 \(number(width)) \(number(height))] \
      /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> \
      /ExtGState << \(states.joined(separator: " ")) >> >> >>
      """,
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
      "<< /Length \(content.utf8.count) >>\nstream\n\(content)\nendstream",
      "<< /Title <\(utf16(title))> >>",
    ])
  }

  /// Objects 1, 2, … with the table of where each starts; object 1 is the root, the last the title.
  private static func document(_ objects: [String]) -> String {
    var text = "%PDF-1.4\n"
    var table = "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
    for (index, object) in objects.enumerated() {
      let start = String(text.utf8.count)
      table += String(repeating: "0", count: 10 - start.count) + start + " 00000 n \n"
      text += "\(index + 1) 0 obj\n\(object)\nendobj\n"
    }
    return text + table + """
      trailer
      << /Size \(objects.count + 1) /Root 1 0 R /Info \(objects.count) 0 R >>
      startxref
      \(text.utf8.count)
      %%EOF

      """
  }

  private func utf16(_ text: String) -> String {
    ([0xfeff] + Array(text.utf16)).map { unit in
      let digits = String(unit, radix: 16)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }

  /// Marks as operators; the first turns the page so that y grows downward.
  private func content(_ opacities: [Double]) -> String {
    let states = Dictionary(uniqueKeysWithValues: opacities.enumerated().map { ($1, "/G\($0) gs") })
    let lines = ["1 0 0 -1 0 \(number(height)) cm", "0 J 1 j"]
    return (lines + marks.map { operators($0, states) }).joined(separator: "\n")
  }

  private func operators(_ mark: Mark, _ states: [Double: String]) -> String {
    if case .text(let text) = mark.shape { return operators(text, mark.fill ?? .text) }
    var parts: [String] = []
    if let fill = mark.fill { parts.append("\(colour(fill)) rg") }
    if let stroke = mark.stroke {
      parts += [
        states[stroke.opacity] ?? "", "\(colour(stroke.ink)) RG", "\(number(stroke.width)) w",
        "[\(stroke.dashes.map(number).joined(separator: " "))] 0 d",
      ]
    }
    parts += outline(mark.shape)
    let (isFilled, isStroked) = (mark.fill != nil, mark.stroke != nil)
    parts.append(isFilled ? (isStroked ? "B" : "f") : (isStroked ? "S" : "n"))
    return parts.joined(separator: " ")
  }

  private func outline(_ shape: Shape) -> [String] {
    switch shape {
    case .line(let places, let isClosed):
      places.enumerated().map { "\(pair($1)) \($0 == 0 ? "m" : "l")" } + (isClosed ? ["h"] : [])
    case .curve(let start, let first, let second, let end):
      ["\(pair(start)) m", curve(first, second, end)]
    case .rectangle(let frame, let corner): rounded(frame, corner)
    case .circle(let place, let radius):
      rounded(
        Frame(
          minX: place.x - radius, minY: place.y - radius, width: 2 * radius, height: 2 * radius),
        radius)
    case .text: []
    }
  }

  /// A rectangle with quarters of circles for corners; a circle when it has no straight sides left.
  private func rounded(_ frame: Frame, _ corner: Double) -> [String] {
    let (left, top, right, bottom) = (frame.minX, frame.minY, frame.maxX, frame.maxY)
    guard corner > 0 else {
      return ["\(pair(Place(left, top))) \(number(frame.width)) \(number(frame.height)) re"]
    }
    let r = min(corner, frame.width / 2, frame.height / 2)
    // How far a curve's pulling places lie from a corner to come closest to a circle.
    let pull = r * (1 - 0.5523)
    return [
      "\(pair(Place(left + r, top))) m", "\(pair(Place(right - r, top))) l",
      curve(Place(right - pull, top), Place(right, top + pull), Place(right, top + r)),
      "\(pair(Place(right, bottom - r))) l",
      curve(Place(right, bottom - pull), Place(right - pull, bottom), Place(right - r, bottom)),
      "\(pair(Place(left + r, bottom))) l",
      curve(Place(left + pull, bottom), Place(left, bottom - pull), Place(left, bottom - r)),
      "\(pair(Place(left, top + r))) l",
      curve(Place(left, top + pull), Place(left + pull, top), Place(left + r, top)), "h",
    ]
  }

  private func curve(_ first: Place, _ second: Place, _ end: Place) -> String {
    "\(pair(first)) \(pair(second)) \(pair(end)) c"
  }

  private func operators(_ text: Text, _ ink: Ink) -> String {
    let width = LetterWidths.width(of: text.string, size: text.size)
    let shift = text.anchor == .start ? 0 : text.anchor == .middle ? -width / 2 : -width
    let place =
      text.isVertical
      ? "0 -1 -1 0 \(pair(Place(text.place.x, text.place.y - shift)))"
      : "1 0 0 -1 \(pair(Place(text.place.x + shift, text.place.y)))"
    return
      "BT \(colour(ink)) rg /F1 \(number(text.size)) Tf \(place) Tm (\(escaped(text.string))) Tj ET"
  }

  /// Text inside of parentheses, everything but plain ASCII as octal digits.
  private func escaped(_ text: String) -> String {
    LetterWidths.winAnsi(text).map { byte in
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"):
        "\\" + String(UnicodeScalar(byte))
      case 0x20...0x7e: String(UnicodeScalar(byte))
      default: "\\" + String(byte, radix: 8)
      }
    }.joined()
  }

  private func colour(_ ink: Ink) -> String {
    [16, 8, 0].map { Numbers.fixed(Double(ink.light >> $0 & 0xff) / 255, 3) }.joined(separator: " ")
  }

  private func pair(_ place: Place) -> String { "\(number(place.x)) \(number(place.y))" }
  private func number(_ value: Double) -> String { Numbers.fixed(value, 2) }
}
