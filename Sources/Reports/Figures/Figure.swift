/// A drawing made of a few kinds of marks, which writes itself as SVG for screens and as PDF for papers.
///
/// Lengths are pixels of a screen and points of a page; y grows downward. The same marks always give
/// the same bytes.
public struct Figure: Sendable {
  /// What it shows, for those who cannot see it.
  public let title: String
  /// How wide it is.
  public let width: Double
  /// How high it is.
  public let height: Double
  /// What is drawn, later marks over earlier ones.
  package let marks: [Mark]

  /// A place on the drawing.
  package struct Place: Sendable, Equatable {
    /// From the left edge.
    package let x: Double
    /// From the top edge.
    package let y: Double

    /// A place.
    package init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// An upright rectangle.
  package struct Frame: Sendable, Equatable {
    /// Its left edge.
    package let minX: Double
    /// Its top edge.
    package let minY: Double
    /// Its width.
    package let width: Double
    /// Its height.
    package let height: Double

    /// A rectangle.
    package init(minX: Double, minY: Double, width: Double, height: Double) {
      self.minX = minX
      self.minY = minY
      self.width = width
      self.height = height
    }

    /// Its right edge.
    package var maxX: Double { minX + width }
    /// Its bottom edge.
    package var maxY: Double { minY + height }

    /// Whether a place lies in it or on its edge.
    package func contains(_ place: Place) -> Bool {
      (minX...maxX).contains(place.x) && (minY...maxY).contains(place.y)
    }

    /// Whether two rectangles share more than an edge.
    package func overlaps(_ other: Frame) -> Bool {
      minX < other.maxX && other.minX < maxX && minY < other.maxY && other.minY < maxY
    }
  }

  /// How a line is drawn.
  package struct Stroke: Sendable, Equatable {
    /// Its colour.
    package var ink: Ink
    /// Its width.
    package var width = 1.0
    /// Lengths of a dash and the gap after it; empty for a solid line.
    package var dashes: [Double] = []
    /// 1 hides what lies below.
    package var opacity = 1.0
  }

  /// What a mark looks like.
  package enum Shape: Sendable, Equatable {
    /// Straight lines from place to place, and back to the first when closed.
    case line([Place], isClosed: Bool = false)
    /// A cubic curve: its start, two places that pull it, its end.
    case curve(Place, Place, Place, Place)
    /// A rectangle whose corners are round by a radius.
    case rectangle(Frame, corner: Double = 0)
    /// A circle around a place.
    case circle(Place, radius: Double)
    /// A line of text.
    case text(Text)
  }

  /// A line of text.
  package struct Text: Sendable, Equatable {
    /// What a place is to the text.
    package enum Anchor: String, Sendable {
      /// It starts there.
      case start
      /// Its middle is there.
      case middle
      /// It ends there.
      case end
    }

    /// What it says.
    package var string: String
    /// Where its baseline is.
    package var place: Place
    /// The size of its letters.
    package var size = 12.0
    /// What the place is to it.
    package var anchor = Anchor.start
    /// Whether it is read from bottom to top.
    package var isVertical = false
  }

  /// Something drawn.
  package struct Mark: Sendable, Equatable {
    /// Its shape.
    package var shape: Shape
    /// Its outline, if it has one.
    package var stroke: Stroke?
    /// The colour of its inside, or of its letters.
    package var fill: Ink?
    /// What is said when it is pointed at.
    package var tip: String?

    /// A line of text.
    package static func text(
      _ string: String, _ x: Double, _ y: Double, size: Double = 12, _ anchor: Text.Anchor = .start,
      _ ink: Ink = .quiet
    ) -> Mark {
      Mark(
        shape: .text(Text(string: string, place: Place(x, y), size: size, anchor: anchor)),
        fill: ink)
    }

    /// A straight line.
    package static func segment(_ start: Place, _ end: Place, _ stroke: Stroke) -> Mark {
      Mark(shape: .line([start, end]), stroke: stroke)
    }
  }
}

extension Figure {
  /// A title and lines of caption at the top of a figure, broken where the figure ends.
  ///
  /// - Parameters:
  ///   - title: What is shown.
  ///   - caption: What it was made from; lines stay lines.
  ///   - left: Where the text starts.
  ///   - width: The figure's width.
  /// - Returns: The marks, and where they end.
  static func heading(
    _ title: String, caption: String, left: Double, width: Double
  ) -> (marks: [Mark], bottom: Double) {
    let space = width - 2 * left
    var marks: [Mark] = []
    var y = 10.0
    for line in LetterWidths.lines(of: title, size: 15, width: space) {
      y += 18
      marks.append(.text(line, left, y, size: 15, .start, .text))
    }
    for line in LetterWidths.lines(of: caption, size: 12, width: space) {
      y += 16
      marks.append(.text(line, left, y))
    }
    return (marks, y + 8)
  }
}
