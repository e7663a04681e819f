/// Where the parts of a plot stand: the title on top, the axes' labels left and below, the legend on the right.
package struct PlotLayout {
  let plot: LinePlot
  /// Where lines are drawn, axes included.
  package let area: Figure.Frame
  /// Where the legend stands.
  package let legend: Figure.Frame
  private let heading: [Figure.Mark]
  private let legendMarks: [Figure.Mark]
  private let size: (width: Double, height: Double)

  private static let plotSize = (width: 520.0, height: 330.0)
  /// Points at the ends of an axis keep off the frame, so that dots, whiskers and arrows fit.
  private static let inset = (x: 20.0, y: 14.0)
  private static let letters = 12.0

  /// Finds the places of a plot's parts.
  package init(_ plot: LinePlot) {
    self.plot = plot
    let labels = plot.y.ticks.map { LetterWidths.width(of: $0.label, size: Self.letters) }
    // The axis' title, a gap, the widest label, a gap.
    let left = 12 + Self.letters + 10 + (labels.max() ?? 0) + 8
    let marks = plot.references.map { LetterWidths.width(of: $0.label, size: 11) }
    let right = left + Self.plotSize.width
    let legendLeft = right + (marks.max().map { $0 + 8 } ?? 0) + 16
    let entries = PlotLegend(plot, x: legendLeft)
    // Fonts that are put in Helvetica's place may be a little wider.
    let width = (legendLeft + entries.width * 1.06 + 14).rounded(.up)
    let (heading, top) = Figure.heading(plot.title, caption: plot.caption, left: 14, width: width)
    area = Figure.Frame(
      minX: left, minY: top + 6, width: Self.plotSize.width, height: Self.plotSize.height)
    let (drawn, bottom) = entries.marks(from: area.minY)
    legend = Figure.Frame(
      minX: legendLeft, minY: area.minY, width: width - 14 - legendLeft,
      height: bottom - area.minY)
    self.heading = heading
    legendMarks = drawn
    size = (width, max(area.maxY + 56, bottom + 12).rounded(.up))
  }

  var figure: Figure {
    let clipped = clippedMarks
    return Figure(
      title: plot.title, width: size.width, height: size.height,
      marks: heading + grid + referenceMarks + plot.lines.flatMap(whiskers)
        + plot.lines.flatMap(curve) + plot.lines.flatMap(dots) + clipped + legendMarks)
  }

  /// Where values lie, the far ones far outside.
  func place(_ x: Double, _ y: Double, shift: Double = 0) -> Figure.Place {
    Figure.Place(
      area.minX + Self.inset.x + plot.x.share(x) * (area.width - 2 * Self.inset.x) + shift,
      area.maxY - Self.inset.y - plot.y.share(y) * (area.height - 2 * Self.inset.y))
  }

  /// The nearest place inside of the axes' ranges.
  func clamped(_ place: Figure.Place) -> Figure.Place {
    Figure.Place(
      min(max(place.x, area.minX + 10), area.maxX - 10), min(max(place.y, lines.top), lines.bottom))
  }

  /// The heights of the ends of the vertical axis.
  var lines: (top: Double, bottom: Double) { (area.minY + Self.inset.y, area.maxY - Self.inset.y) }

  // Axes ----------------------------------------------------------------------------------------

  private var grid: [Figure.Mark] {
    let stroke = Figure.Stroke(ink: .grid)
    let columns = plot.x.ticks.flatMap { tick -> [Figure.Mark] in
      let x = place(tick.place, 0).x
      return [
        .segment(Figure.Place(x, area.minY), Figure.Place(x, area.maxY), stroke),
        .text(tick.label, x, area.maxY + 17, .middle),
      ]
    }
    let rows = plot.y.ticks.flatMap { tick -> [Figure.Mark] in
      let y = place(plot.x.range.lowerBound, tick.place).y
      return [
        .segment(Figure.Place(area.minX, y), Figure.Place(area.maxX, y), stroke),
        .text(tick.label, area.minX - 8, y + 4, .end),
      ]
    }
    let corner = Figure.Place(area.minX, area.maxY)
    let axes = Figure.Mark(
      shape: .line([Figure.Place(area.minX, area.minY), corner, Figure.Place(area.maxX, area.maxY)]
      ),
      stroke: Figure.Stroke(ink: .frame))
    let title = Figure.Text(
      string: plot.y.title, place: Figure.Place(12 + Self.letters, area.minY + area.height / 2),
      anchor: .middle, isVertical: true)
    return columns + rows + [
      axes, .text(plot.x.title, area.minX + area.width / 2, area.maxY + 40, .middle),
      Figure.Mark(shape: .text(title), fill: .quiet),
    ]
  }

  /// Dotted lines over the plot, their labels outside of it and off each other.
  private var referenceMarks: [Figure.Mark] {
    var last = -Double.infinity
    return plot.references.sorted { $0.height > $1.height }.flatMap { reference -> [Figure.Mark] in
      let y = place(plot.x.range.lowerBound, reference.height).y
      last = max(last + 11, y + 4)
      return [
        .segment(
          Figure.Place(area.minX, y), Figure.Place(area.maxX, y),
          Figure.Stroke(ink: .frame, dashes: [2, 3])),
        .text(reference.label, area.maxX + 6, last, size: 11),
      ]
    }
  }

  // Lines ---------------------------------------------------------------------------------------

  /// The pieces of a line that lie between the axes' ends.
  private func curve(_ line: LinePlot.Line) -> [Figure.Mark] {
    let places = line.points.map { point in
      let place = place(point.x, point.y, shift: line.shift)
      return Figure.Place(clamped(place).x, place.y)
    }
    let stroke = Figure.Stroke(ink: line.ink, width: 2, dashes: line.isDashed ? [6, 4] : [])
    var pieces: [[Figure.Place]] = []
    for (start, end) in zip(places, places.dropFirst()) {
      guard let piece = visible(start, end) else { continue }
      if pieces.last?.last == piece.start {
        pieces[pieces.count - 1].append(piece.end)
      } else {
        pieces.append([piece.start, piece.end])
      }
    }
    return pieces.map { Figure.Mark(shape: .line($0), stroke: stroke) }
  }

  /// The part of a segment between the ends of the vertical axis.
  private func visible(
    _ start: Figure.Place, _ end: Figure.Place
  ) -> (start: Figure.Place, end: Figure.Place)? {
    let (low, high) = (min(start.y, end.y), max(start.y, end.y))
    guard high >= lines.top, low <= lines.bottom else { return nil }
    let cut = { (place: Figure.Place) -> Figure.Place in
      let y = min(max(place.y, lines.top), lines.bottom)
      guard y != place.y else { return place }
      return Figure.Place(
        start.x + (end.x - start.x) * (y - start.y) / (end.y - start.y), y)
    }
    return (cut(start), cut(end))
  }

  private func whiskers(_ line: LinePlot.Line) -> [Figure.Mark] {
    let stroke = Figure.Stroke(ink: line.ink, width: 1.2)
    return line.points.flatMap { point -> [Figure.Mark] in
      guard let range = point.range else { return [] }
      let ends = [range.lowerBound, range.upperBound].map {
        place(point.x, $0, shift: line.shift)
      }
      let (low, high) = (clamped(ends[0]), clamped(ends[1]))
      // A cap says that the whisker ends here; where it goes on stands an arrow.
      let caps = zip(ends, [low, high]).filter { $0.y == $1.y }.map { _, end in
        Figure.Mark.segment(
          Figure.Place(end.x - 2, end.y), Figure.Place(end.x + 2, end.y), stroke)
      }
      return [.segment(low, high, stroke)] + caps
    }
  }

  private func dots(_ line: LinePlot.Line) -> [Figure.Mark] {
    guard line.hasDots else { return [] }
    return line.points.filter { !isBeyond($0) }.map { point in
      let whisker = point.range.map {
        " (\(plot.y.notation($0.lowerBound)) to \(plot.y.notation($0.upperBound)))"
      }
      return Figure.Mark(
        shape: .circle(clamped(place(point.x, point.y, shift: line.shift)), radius: 3),
        fill: line.ink,
        tip: """
          \(line.name): \(plot.x.notation(point.x)), \(plot.y.notation(point.y))\(whisker ?? "")
          """)
    }
  }

  func isBeyond(_ point: LinePlot.Point) -> Bool {
    !plot.x.range.contains(point.x) || !plot.y.range.contains(point.y)
  }
}
