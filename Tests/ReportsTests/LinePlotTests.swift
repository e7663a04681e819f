import Foundation
import Reports
import Testing

/// A plot hides nothing: not beyond its axes, not under its legend, not one line below another.
@Suite struct LinePlotTests {
  private func plot(_ series: [LinePlot.Series], caption: String = "") -> LinePlot {
    LinePlot(
      "title", caption: caption,
      x: LinePlot.Axis("x", 0.001...1, ticks: [(0.001, "0.1 %"), (1, "1")], isLogarithmic: true),
      y: LinePlot.Axis("y", 0...1, ticks: [(0, "none"), (0.5, "-100000 %")]), series: series,
      references: [LinePlot.Reference(1, "100 %"), LinePlot.Reference(0.99, "99 %")])
  }

  private let odd = [
    LinePlot.Series(
      "one",
      [
        LinePlot.Point(0.001, 0), LinePlot.Point(0.1, 7, range: -3...9), LinePlot.Point(1, .nan),
        LinePlot.Point(0.2, 0.5, range: 0.4...0.6),
      ]),
    LinePlot.Series(
      "two",
      [
        LinePlot.Point(0, 0.5), LinePlot.Point(0.0001, -2), LinePlot.Point(0.1, 8),
        LinePlot.Point(0.2, 0.5, range: 0.3...0.9), LinePlot.Point(1, 1),
      ]),
    LinePlot.Series("none", []),
  ]

  @Test func `every point is inside of the plot, or an arrow says where it is`() {
    let (figure, area) = (plot(odd).figure, PlotLayout(plot(odd)).area)
    // Beyond are one point and both ends of its whisker, and three points of the other line.
    #expect(figure.circles(in: area).count == 4)
    #expect(figure.arrowCount == 6)
    for label in ["7.000", "8.000", "0.000", "0.000, -2.000"] {
      #expect(figure.texts.contains(label), "\(label) in \(figure.texts)")
    }
    for mark in figure.marks {
      guard case .line(let places, _) = mark.shape, places.contains(where: area.contains) else {
        continue
      }
      #expect(places.allSatisfy(area.contains), "\(places) in \(area)")
    }
    #expect(figure.texts.contains("none: no finite value"))
    let note = figure.texts.joined(separator: " ")
    #expect(note.contains("whiskers with arrows go on, as far as -3.000 and 9.000"))
  }

  @Test func `a logarithmic axis is even in ratios, and lines are cut where the plot ends`() throws
  {
    let plot = plot([
      LinePlot.Series("one", [LinePlot.Point(0.001, 0), LinePlot.Point(0.1, 2)])
    ])
    let area = PlotLayout(plot).area
    let lines = plot.figure.marks.compactMap { mark -> [Figure.Place]? in
      if case .line(let places, false) = mark.shape, mark.stroke?.width == 2,
        places.allSatisfy(area.contains)
      {
        places
      } else {
        nil
      }
    }
    let line = try #require(lines.first)
    // Two thirds of the axis lead to 0.1; the height 1 is half of the way there.
    let whole = area.width - 40
    #expect(abs(line[0].x - (area.minX + 20)) < 1e-9)
    #expect(abs(line[1].x - (area.minX + 20 + whole / 3)) < 1e-9)
    #expect(abs(line[1].y - (area.minY + 14)) < 1e-9)
  }

  @Test(arguments: [1, 3, 30])
  func `the legend and every text stand clear of the plot and each other`(
    count: Int
  ) {
    let series =
      odd
      + (0..<count).map { index in
        LinePlot.Series(
          "method number \(index) with steps=5 and a name that no single line of a legend can hold",
          [LinePlot.Point(0.01, Double(index)), LinePlot.Point(0.02, 0.1 * Double(index))])
      }
    let plot = plot(
      series, caption: "model\nioi, 100 pairs, " + String(repeating: "long ", count: 50))
    let (figure, layout) = (plot.figure, PlotLayout(plot))
    #expect(!layout.legend.overlaps(layout.area))
    let frames = figure.textFrames
    let page = Figure.Frame(minX: 0, minY: 0, width: figure.width, height: figure.height)
    for (index, (text, frame)) in frames.enumerated() {
      #expect(
        page.contains(Figure.Place(frame.minX, frame.minY))
          && page.contains(Figure.Place(frame.maxX, frame.maxY)), "\(text) is cut off")
      for (other, its) in frames[..<index] {
        #expect(!frame.overlaps(its), "\(text) over \(other)")
      }
      // What is not of the legend keeps off its samples, too.
      if frame.minX < layout.legend.minX || text.hasSuffix("9 %") || text == "100 %" {
        #expect(!frame.overlaps(layout.legend), "\(text) over the legend")
      } else {
        #expect(!frame.overlaps(layout.area), "\(text) over the plot")
      }
    }
  }

  @Test func `lines that are the same are drawn once and named together`() {
    let points = [LinePlot.Point(0.01, 0.25), LinePlot.Point(1, 1)]
    let nearly = [LinePlot.Point(0.01, 0.25 + 1e-9), LinePlot.Point(1, 1)]
    let other = [LinePlot.Point(0.01, 0.251), LinePlot.Point(1, 1)]
    let plot = plot([
      LinePlot.Series("A", points), LinePlot.Series("C", other), LinePlot.Series("B", nearly),
    ])
    let texts = plot.figure.texts
    #expect(texts.contains("A = B") && texts.contains("C"))
    #expect(!texts.contains("A") && !texts.contains("B"))
    // Two lines and two samples.
    #expect(plot.figure.marks.count { $0.stroke?.width == 2 } == 4)
    // A whisker makes a difference.
    let whiskers = [LinePlot.Point(0.01, 0.25, range: 0...1), LinePlot.Point(1, 1)]
    #expect(
      self.plot([LinePlot.Series("A", points), LinePlot.Series("B", whiskers)]).figure.texts
        .contains("A"))
  }

  @Test(arguments: [2, 3, 9]) func `whiskers at the same place stand beside each other`(count: Int)
  {
    let plot = plot(
      (0..<count).map { index in
        LinePlot.Series(
          "\(index)",
          [0.001, 1].map { LinePlot.Point($0, 0.5, range: 0.1...(0.6 + 0.01 * Double(index))) })
      })
    let area = PlotLayout(plot).area
    let whiskers = plot.figure.marks.compactMap { mark -> Double? in
      guard case .line(let places, _) = mark.shape, mark.stroke?.width == 1.2,
        places.allSatisfy(area.contains), places[0].x == places[1].x
      else { return nil }
      return places[0].x
    }
    #expect(whiskers.count == 2 * count)
    let sorted = whiskers.sorted()
    for (one, next) in zip(sorted, sorted.dropFirst()) { #expect(next - one > 2) }
  }

  @Test func `the legend's dashes are the line's`() {
    let points = [LinePlot.Point(0.01, 0.25), LinePlot.Point(1, 1)]
    let plot = plot([
      LinePlot.Series("solid", points),
      LinePlot.Series("dashed", [LinePlot.Point(0.01, 0)] + points, isDashed: true),
      LinePlot.Series("dot", [LinePlot.Point(0.1, 0.1)]),
    ])
    let strokes = plot.figure.marks.filter { $0.stroke?.width == 2 }.map { $0.stroke?.dashes }
    #expect(strokes == [[], [6, 4], [], [6, 4]])
  }

  @Test func `the axis of faithfulness covers what it can and marks the rest`() {
    let series = { (height: Double, whisker: ClosedRange<Double>?) in
      [
        LinePlot.Series(
          "a", [LinePlot.Point(0.01, height, range: whisker), LinePlot.Point(1, 1)])
      ]
    }
    let covered = LinePlot.faithfulness("", series(4.11, nil))
    #expect(covered.figure.arrowCount == 0 && covered.figure.texts.contains("500 %"))
    #expect(covered.figure.texts.contains("85 %"))
    let beyond = LinePlot.faithfulness("", series(26, nil))
    #expect(beyond.figure.arrowCount == 1 && beyond.figure.texts.contains("2600 %"))
    #expect(!beyond.figure.texts.joined().contains("whiskers"))
    let whisker = LinePlot.faithfulness("", series(0.5, -40...0.75))
    #expect(
      whisker.figure.arrowCount == 1
        && whisker.figure.texts.joined(separator: " ").contains("-4000 %"))
    // 0 % and 100 % are always there.
    let plain = LinePlot.faithfulness("", series(0.5, nil)).figure.texts
    #expect(plain.contains("0 %") && plain.count { $0 == "100 %" } == 3)
  }
}
