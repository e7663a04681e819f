extension Figure {
  /// The drawing as SVG: it stands alone, has a size of its own, and turns dark where its reader asked for that.
  ///
  /// Colours are attributes, for readers that know no style sheets; the style sheet only replaces
  /// them on dark pages.
  public var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))" height="\(number(height))" \
    viewBox="0 0 \(number(width)) \(number(height))" \
    font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" role="img">
    <title>\(xml(title))</title>
    <style>@media (prefers-color-scheme: dark) { \(darkRules) }</style>
    <rect width="100%" height="100%" fill="\(Ink.paper.name)"/>
    \(marks.map(element).joined(separator: "\n"))
    </svg>

    """
  }

  private var darkRules: String {
    var inks = [Ink.paper]
    for ink in marks.flatMap({ [$0.fill, $0.stroke?.ink] }) {
      if let ink, !inks.contains(ink) { inks.append(ink) }
    }
    return inks.map { ink in
      """
      svg [fill="\(ink.name)"] { fill: \(ink.darkName) } \
      svg [stroke="\(ink.name)"] { stroke: \(ink.darkName) }
      """
    }.joined(separator: " ")
  }

  private func element(_ mark: Mark) -> String {
    let paint = paint(mark)
    let (name, attributes, content): (String, String, String) =
      switch mark.shape {
      case .line(let places, let isClosed):
        (
          isClosed ? "polygon" : "polyline",
          "points=\"\(places.map(pair).joined(separator: " "))\"", ""
        )
      case .curve(let start, let first, let second, let end):
        ("path", "d=\"M\(pair(start)) C\(pair(first)) \(pair(second)) \(pair(end))\"", "")
      case .rectangle(let frame, let corner):
        (
          "rect",
          """
          x="\(number(frame.minX))" y="\(number(frame.minY))" width="\(number(frame.width))" \
          height="\(number(frame.height))"\(corner > 0 ? " rx=\"\(number(corner))\"" : "")
          """, ""
        )
      case .circle(let place, let radius):
        (
          "circle",
          "cx=\"\(number(place.x))\" cy=\"\(number(place.y))\" r=\"\(number(radius))\"", ""
        )
      case .text(let text): ("text", attributes(text), xml(text.string))
      }
    let inside = (mark.tip.map { "<title>\(xml($0))</title>" } ?? "") + content
    return inside.isEmpty
      ? "<\(name) \(attributes)\(paint)/>" : "<\(name) \(attributes)\(paint)>\(inside)</\(name)>"
  }

  private func attributes(_ text: Text) -> String {
    let place =
      text.isVertical
      ? "transform=\"translate(\(pair(text.place))) rotate(-90)\""
      : "x=\"\(number(text.place.x))\" y=\"\(number(text.place.y))\""
    let anchor = text.anchor == .start ? "" : " text-anchor=\"\(text.anchor.rawValue)\""
    return "\(place) font-size=\"\(number(text.size))\"\(anchor)"
  }

  private func paint(_ mark: Mark) -> String {
    var paint = " fill=\"\(mark.fill?.name ?? "none")\""
    if let stroke = mark.stroke {
      paint += " stroke=\"\(stroke.ink.name)\" stroke-width=\"\(number(stroke.width))\""
      if !stroke.dashes.isEmpty {
        paint += " stroke-dasharray=\"\(stroke.dashes.map(number).joined(separator: " "))\""
      }
      if stroke.opacity < 1 { paint += " stroke-opacity=\"\(Numbers.fixed(stroke.opacity, 2))\"" }
    }
    return paint
  }

  private func pair(_ place: Place) -> String { "\(number(place.x)),\(number(place.y))" }
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
