// What lies beyond the axes: an arrow at the edge, and for a point its value beside it -----------------

extension PlotLayout {
  /// Something that is not where it belongs, since the axis ends before.
  private struct Beyond {
    var place: Figure.Place
    let direction: (x: Double, y: Double)
    let label: String
    let isWhisker: Bool
    let line: LinePlot.Line
  }

  /// An arrow for each point and each end of a whisker beyond the axes.
  ///
  /// The legend says how far whiskers go: beside each there is no room.
  var clippedMarks: [Figure.Mark] {
    let all = plot.lines.flatMap { line in line.points.flatMap { beyond($0, line) } }
    var (places, labels): ([Figure.Place], [Figure.Frame]) = ([], [])
    return all.filter(\.isWhisker).map(arrow)
      + all.filter { !$0.isWhisker }.flatMap { point -> [Figure.Mark] in
        let label = frame(point, keepingOff: labels)
        let point = moved(point, off: places)
        places.append(point.place)
        labels.append(label)
        return [
          arrow(point),
          // Lines below would make the number hard to read.
          Figure.Mark(shape: .rectangle(label, corner: 2), fill: .paper),
          .text(
            point.label, label.minX + 1, label.maxY - 2.5, size: 10, .start, point.line.ink),
        ]
      }
  }

  /// An arrow that would cover another one moves to the left of it, but stays near its place.
  private func moved(_ beyond: Beyond, off taken: [Figure.Place]) -> Beyond {
    var moved = beyond
    for step in 0..<4 {
      moved.place = Figure.Place(
        max(beyond.place.x - 9 * Double(step), area.minX + 10), beyond.place.y)
      let isHiding = taken.contains {
        abs($0.x - moved.place.x) < 9 && abs($0.y - moved.place.y) < 9
      }
      if !isHiding { break }
    }
    return moved
  }

  private func beyond(_ point: LinePlot.Point, _ line: LinePlot.Line) -> [Beyond] {
    let sign = { (value: Double, range: ClosedRange<Double>) -> Double in
      value > range.upperBound ? 1 : value < range.lowerBound ? -1 : 0
    }
    let mark = { (height: Double, label: String, x: Double, isWhisker: Bool) in
      Beyond(
        place: clamped(place(point.x, height, shift: line.shift)),
        direction: (x, -sign(height, plot.y.range)), label: label, isWhisker: isWhisker,
        line: line)
    }
    let (x, y) = (sign(point.x, plot.x.range), sign(point.y, plot.y.range))
    let values = [x != 0 ? plot.x.notation(point.x) : nil, y != 0 ? plot.y.notation(point.y) : nil]
      .compactMap(\.self)
    var found = values.isEmpty ? [] : [mark(point.y, values.joined(separator: ", "), x, false)]
    for end in point.range.map({ [$0.lowerBound, $0.upperBound] }) ?? []
    where sign(end, plot.y.range) != 0 && end != point.y {
      found.append(mark(end, "whisker \(plot.y.notation(end))", 0, true))
    }
    return found
  }

  /// A triangle that points out of the plot.
  private func arrow(_ beyond: Beyond) -> Figure.Mark {
    let (at, x, y) = (beyond.place, beyond.direction.x, beyond.direction.y)
    // Whiskers stand close to each other.
    let half = beyond.isWhisker ? 2.5 : 4
    return Figure.Mark(
      shape: .line(
        [
          Figure.Place(at.x + 9 * x, at.y + 9 * y), Figure.Place(at.x + half * y, at.y - half * x),
          Figure.Place(at.x - half * y, at.y + half * x),
        ], isClosed: true),
      fill: beyond.line.ink, tip: "\(beyond.line.name): \(beyond.label)")
  }

  /// A place for a label beside its arrow, further inside when others are there, then further along.
  private func frame(_ beyond: Beyond, keepingOff taken: [Figure.Frame]) -> Figure.Frame {
    let width = LetterWidths.width(of: beyond.label, size: 10) + 2
    let isLeft = beyond.place.x + 8 + width > area.maxX
    let step = beyond.place.y > area.minY + area.height / 2 ? -12.0 : 12.0
    let first = beyond.place.y + (step > 0 ? -9 : -3)
    var x = isLeft ? beyond.place.x - 7 - width : beyond.place.x + 7
    var y = first
    let candidate = { Figure.Frame(minX: x, minY: y, width: width, height: 12) }
    while taken.contains(where: { $0.overlaps(candidate()) }) {
      y += step
      if y < area.minY || y + 12 > area.maxY { (x, y) = (x + (isLeft ? -12 : 12), first) }
    }
    return candidate()
  }
}
