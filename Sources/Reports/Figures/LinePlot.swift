import Foundation

/// Lines over two axes, their names beside them.
///
/// Lines that are the same have one entry, `A = B`. A point or whisker beyond the axes becomes an arrow
/// at the edge, with its value. Lines with whiskers are moved sideways a little, so that whiskers
/// at the same place do not hide each other.
public struct LinePlot: Sendable {
  /// A point, maybe with a range around it.
  public struct Point: Sendable {
    let x: Double
    let y: Double
    let range: ClosedRange<Double>?

    /// A point.
    ///
    /// - Parameters:
    ///   - x: Its place on the horizontal axis.
    ///   - y: Its height.
    ///   - range: Heights between which a whisker is drawn.
    public init(_ x: Double, _ y: Double, range: ClosedRange<Double>? = nil) {
      self.x = x
      self.y = y
      self.range = range
    }
  }

  /// One line.
  public struct Series: Sendable {
    let name: String
    let points: [Point]
    let isDashed: Bool
    let colour: Int?

    /// A line through points, from left to right; those that are NaN or infinite are left out.
    ///
    /// - Parameters:
    ///   - name: What the legend calls it.
    ///   - points: What it leads through; a single one is drawn as a dot.
    ///   - isDashed: Whether it is dashed, and without dots.
    ///   - colour: A number for lines that belong together; nil for the line's own place.
    public init(_ name: String, _ points: [Point], isDashed: Bool = false, colour: Int? = nil) {
      self.name = name
      self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
      self.isDashed = isDashed
      self.colour = colour
    }
  }

  /// An axis.
  public struct Axis: Sendable {
    let title: String
    let range: ClosedRange<Double>
    let ticks: [(place: Double, label: String)]
    let isLogarithmic: Bool
    let notation: @Sendable (Double) -> String

    /// An axis.
    ///
    /// - Parameters:
    ///   - title: What it shows.
    ///   - range: Its ends; above 0 when it is logarithmic.
    ///   - ticks: Labelled places.
    ///   - isLogarithmic: Whether equal ratios are equally long.
    ///   - notation: How a value that is not a tick is written.
    public init(
      _ title: String, _ range: ClosedRange<Double>, ticks: [(place: Double, label: String)],
      isLogarithmic: Bool = false,
      notation: @escaping @Sendable (Double) -> String = { Numbers.short($0) }
    ) {
      self.title = title
      self.range = range
      self.ticks = ticks
      self.isLogarithmic = isLogarithmic
      self.notation = notation
    }

    /// Where a value lies, 0 at the axis' start and 1 at its end; others lie beyond.
    func share(_ value: Double) -> Double {
      let map: (Double) -> Double = isLogarithmic ? { log($0) } : { $0 }
      let (start, end) = (map(range.lowerBound), map(range.upperBound))
      guard end > start else { return 0.5 }
      // A logarithmic axis has no place for 0.
      return isLogarithmic && value <= 0 ? -1 : (map(value) - start) / (end - start)
    }
  }

  /// A height that matters, drawn as a dotted line.
  public struct Reference: Sendable {
    let height: Double
    let label: String

    /// A height with what is written beside it.
    public init(_ height: Double, _ label: String) {
      self.height = height
      self.label = label
    }
  }

  let title: String
  let caption: String
  let x: Axis
  let y: Axis
  let references: [Reference]
  /// What is drawn: lines of points, the same ones together.
  let lines: [Line]

  /// A plot.
  ///
  /// - Parameters:
  ///   - title: What it shows.
  ///   - caption: What it was made from (model, task, method, prompts), a line for each.
  ///   - x: The horizontal axis.
  ///   - y: The vertical axis.
  ///   - series: The lines; the first ones get the strongest colours.
  ///   - references: Heights that matter.
  public init(
    _ title: String, caption: String = "", x: Axis, y: Axis, series: [Series],
    references: [Reference] = []
  ) {
    self.title = title
    self.caption = caption
    self.x = x
    self.y = y
    self.references = references.filter { y.range.contains($0.height) }
    lines = Line.lines(series)
  }

  /// The plot as marks.
  public var figure: Figure { PlotLayout(self).figure }
  /// The plot as SVG; it stands alone.
  public var svg: String { figure.svg }
}

extension LinePlot {
  /// One or several series that are drawn as one line.
  struct Line {
    var names: [String]
    let points: [Point]
    let ink: Ink
    let isDashed: Bool
    /// How far it is moved sideways for its whiskers.
    var shift = 0.0

    var hasWhiskers: Bool { points.contains { $0.range != nil } }
    /// What the legend says.
    var name: String {
      points.isEmpty ? "\(names[0]): no finite value" : names.joined(separator: " = ")
    }
    /// Whether points are marked: many make a band of dots, and a single one has no line.
    var hasDots: Bool { points.count == 1 || (!isDashed && points.count <= 30) }

    /// Lines in the order of their first series, those with whiskers beside each other.
    static func lines(_ series: [Series]) -> [Line] {
      var lines: [Line] = []
      var places: [[String]: Int] = [:]
      for (index, series) in series.enumerated() {
        let key = series.points.flatMap(digits)
        if !key.isEmpty, let place = places[key] {
          lines[place].names.append(series.name)
        } else {
          places[key] = lines.count
          let ink = Ink.lines[(series.colour ?? index) % Ink.lines.count]
          lines.append(
            Line(names: [series.name], points: series.points, ink: ink, isDashed: series.isDashed))
        }
      }
      let whiskered = lines.indices.filter { lines[$0].hasWhiskers }
      let gap = whiskered.count > 1 ? min(5, 18 / Double(whiskered.count - 1)) : 0
      for (rank, index) in whiskered.enumerated() {
        lines[index].shift = (Double(rank) - Double(whiskered.count - 1) / 2) * gap
      }
      return lines
    }

    /// What makes two points the same: more than a plot can show, less than the noise of rounding.
    private static func digits(_ point: Point) -> [String] {
      [point.x, point.y, point.range?.lowerBound ?? .nan, point.range?.upperBound ?? .nan].map {
        Numbers.fixed($0, 6)
      }
    }
  }
}
