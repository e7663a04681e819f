import Foundation

/// Lines over two axes as SVG.
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

    /// A line through points, from left to right; those that are NaN or infinite are left out.
    public init(_ name: String, _ points: [Point], isDashed: Bool = false) {
      self.name = name
      self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
      self.isDashed = isDashed
    }
  }

  /// An axis.
  public struct Axis: Sendable {
    let title: String
    let range: ClosedRange<Double>
    let ticks: [(place: Double, label: String)]
    let isLogarithmic: Bool

    /// An axis.
    ///
    /// - Parameters:
    ///   - title: What it shows.
    ///   - range: Its ends; above 0 when it is logarithmic.
    ///   - ticks: Labelled places.
    ///   - isLogarithmic: Whether equal ratios are equally long.
    public init(
      _ title: String, _ range: ClosedRange<Double>, ticks: [(place: Double, label: String)],
      isLogarithmic: Bool = false
    ) {
      self.title = title
      self.range = range
      self.ticks = ticks
      self.isLogarithmic = isLogarithmic
    }

    /// Where a value lies, 0 at the axis' start and 1 at its end; values beyond lie at the ends.
    func share(_ value: Double) -> Double {
      let map: (Double) -> Double = isLogarithmic ? { log($0) } : { $0 }
      let clamped = min(max(value, range.lowerBound), range.upperBound)
      let (start, end) = (map(range.lowerBound), map(range.upperBound))
      return end > start ? (map(clamped) - start) / (end - start) : 0.5
    }
  }

  /// Where the names of the lines stand.
  public enum Corner: Sendable {
    /// For lines that rise late.
    case topLeft
    /// For lines that rise at once.
    case bottomRight
  }

  private let title: String
  private let x: Axis
  private let y: Axis
  private let series: [Series]
  private let legendCorner: Corner

  /// A plot.
  ///
  /// - Parameters:
  ///   - title: What it shows.
  ///   - x: The horizontal axis.
  ///   - y: The vertical axis.
  ///   - series: The lines; the first ones get the strongest colours.
  ///   - legend: Where their names stand.
  public init(
    _ title: String, x: Axis, y: Axis, series: [Series], legend: Corner = .topLeft
  ) {
    legendCorner = legend
    self.title = title
    self.x = x
    self.y = y
    self.series = series
  }

  private static let (width, height) = (720.0, 440.0)
  private static let (left, right, top, bottom) = (64.0, 20.0, 40.0, 52.0)
  private static let colours = [
    "#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#475569", "#0891b2", "#db2777",
    "#65a30d", "#92400e", "#1e293b",
  ]

  private func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
    (
      Self.left + x.share(point.x) * (Self.width - Self.left - Self.right),
      Self.height - Self.bottom - y.share(point.y) * (Self.height - Self.top - Self.bottom)
    )
  }

  /// The drawing; it stands alone.
  public var svg: String {
    let body =
      grid + series.enumerated().flatMap { line($1, Self.colours[$0 % Self.colours.count]) }
      + legend
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 440" \
      font-family="system-ui, sans-serif" font-size="12" role="img">
      <title>\(xml(title))</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="64" y="20" font-size="14" fill="#0f172a">\(xml(title))</text>
      \(body.joined(separator: "\n"))
      </svg>

      """
  }

  private var grid: [String] {
    let (start, end) = (
      place((x.range.lowerBound, y.range.lowerBound)),
      place((x.range.upperBound, y.range.upperBound))
    )
    let columns = x.ticks.flatMap { tick in
      let at = number(place((tick.place, y.range.lowerBound)).x)
      return [
        segment(at, number(start.y), at, number(end.y), "#e2e8f0"),
        text(at, number(start.y + 18), "middle", tick.label),
      ]
    }
    let rows = y.ticks.flatMap { tick in
      let at = place((x.range.lowerBound, tick.place)).y
      return [
        segment(number(start.x), number(at), number(end.x), number(at), "#e2e8f0"),
        text(number(start.x - 8), number(at + 4), "end", tick.label),
      ]
    }
    return columns + rows + [
      segment(number(start.x), number(start.y), number(end.x), number(start.y), "#475569"),
      segment(number(start.x), number(start.y), number(start.x), number(end.y), "#475569"),
      text(number((start.x + end.x) / 2), number(Self.height - 12), "middle", x.title),
      """
      <text transform="translate(16 \(number((start.y + end.y) / 2))) rotate(-90)" \
      text-anchor="middle" fill="#334155">\(xml(y.title))</text>
      """,
    ]
  }

  private func line(_ series: Series, _ colour: String) -> [String] {
    let places = series.points.map { place(($0.x, $0.y)) }
    let path = places.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    let dashes = series.isDashed ? " stroke-dasharray=\"6 4\"" : ""
    let whiskers = series.points.compactMap { point in
      point.range.map { range in
        let (low, high) = (place((point.x, range.lowerBound)), place((point.x, range.upperBound)))
        return segment(number(low.x), number(low.y), number(high.x), number(high.y), colour)
      }
    }
    // Many points make a band of dots: the line says it all.
    let isDotted = !series.isDashed && series.points.count <= 30
    let dots = zip(isDotted ? series.points : [], places).map { point, at in
      """
      <circle cx="\(number(at.x))" cy="\(number(at.y))" r="3" fill="\(colour)"><title>\
      \(xml(series.name)): \(Numbers.fixed(point.x, 4)), \(Numbers.fixed(point.y, 4))</title></circle>
      """
    }
    return whiskers + [
      "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"\(dashes)/>"
    ] + dots
  }

  private var legend: [String] {
    let first =
      legendCorner == .topLeft
      ? (x: Self.left + 12, y: Self.top + 10)
      : (x: Self.width / 2, y: Self.height - Self.bottom - 18 * Double(series.count))
    return series.enumerated().flatMap { index, series in
      let y = first.y + Double(index) * 18
      return [
        """
        <rect x="\(number(first.x))" y="\(number(y - 4))" width="14" height="4" \
        fill="\(Self.colours[index % Self.colours.count])"/>
        """, text(number(first.x + 20), number(y + 3), "start", series.name),
      ]
    }
  }

  private func segment(
    _ x1: String, _ y1: String, _ x2: String, _ y2: String, _ colour: String
  ) -> String {
    "<line x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\" stroke=\"\(colour)\"/>"
  }

  private func text(_ x: String, _ y: String, _ anchor: String, _ text: String) -> String {
    "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\" fill=\"#334155\">\(xml(text))</text>"
  }

  private func number(_ value: Double) -> String { Numbers.fixed(value, 1) }
}
