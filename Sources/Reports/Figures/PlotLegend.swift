/// The names of a plot's lines, each beside a sample of its line.
struct PlotLegend {
  private let entries: [(line: LinePlot.Line, text: [String])]
  private let x: Double
  /// How far whiskers go that end beyond the axis; their arrows have no room for numbers.
  private let note: [String]

  private static let sampleWidth = 30.0
  private static let widest = 210.0

  /// Breaks names that are too long; the legend starts at `x`.
  init(_ plot: LinePlot, x: Double) {
    self.x = x
    let ends = plot.lines.flatMap(\.points).compactMap(\.range).flatMap {
      [$0.lowerBound, $0.upperBound]
    }.filter { !plot.y.range.contains($0) }
    let reach = Set([ends.min(), ends.max()].compactMap(\.self)).sorted().map(plot.y.notation)
    note = LetterWidths.lines(
      of: reach.isEmpty
        ? "" : "whiskers with arrows go on, as far as \(reach.joined(separator: " and "))",
      size: 11, width: Self.widest)
    entries = plot.lines.map {
      ($0, LetterWidths.lines(of: $0.name, size: 12, width: Self.widest))
    }
  }

  /// How wide it is.
  var width: Double {
    let widths = entries.flatMap(\.text).map { LetterWidths.width(of: $0, size: 12) }
    let notes = note.map { LetterWidths.width(of: $0, size: 11) }
    return max(Self.sampleWidth + 8 + (widths.max() ?? 0), notes.max() ?? 0)
  }

  /// The marks below a height, and where they end.
  func marks(from top: Double) -> (marks: [Figure.Mark], bottom: Double) {
    var marks: [Figure.Mark] = []
    var y = top
    for (line, text) in entries {
      marks += sample(line, y + 8)
      for (row, words) in text.enumerated() {
        marks.append(
          .text(
            words, x + Self.sampleWidth + 8, y + 12 + 15 * Double(row), size: 12, .start, .text))
      }
      y += 15 * Double(text.count) + 6
    }
    for words in note {
      marks.append(.text(words, x, y + 12, size: 11))
      y += 14
    }
    return (marks, y)
  }

  /// A piece of the line as it is drawn.
  private func sample(_ line: LinePlot.Line, _ y: Double) -> [Figure.Mark] {
    let stroke = Figure.Stroke(ink: line.ink, width: 2, dashes: line.isDashed ? [6, 4] : [])
    let middle = Figure.Place(x + Self.sampleWidth / 2, y)
    var marks: [Figure.Mark] = []
    if line.points.count > 1 {
      marks.append(
        .segment(Figure.Place(x, y), Figure.Place(x + Self.sampleWidth, y), stroke))
    }
    if line.hasWhiskers {
      marks.append(
        .segment(
          Figure.Place(middle.x, y - 7), Figure.Place(middle.x, y + 7),
          Figure.Stroke(ink: line.ink, width: 1.2)))
    }
    if line.hasDots {
      marks.append(Figure.Mark(shape: .circle(middle, radius: 3), fill: line.ink))
    }
    return marks
  }
}
