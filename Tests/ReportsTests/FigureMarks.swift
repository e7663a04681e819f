import Reports

/// What tests ask of a figure.
extension Figure {
  /// The middles of the circles in a frame.
  func circles(in frame: Frame) -> [Place] {
    marks.compactMap {
      if case .circle(let place, _) = $0.shape, frame.contains(place) { place } else { nil }
    }
  }

  /// How many closed outlines there are: in a plot, arrows.
  var arrowCount: Int {
    marks.count { if case .line(_, true) = $0.shape { true } else { false } }
  }

  /// The curves: in a circuit, edges.
  var curves: [Mark] { marks.filter { if case .curve = $0.shape { true } else { false } } }

  /// What is written.
  var texts: [String] {
    marks.compactMap { if case .text(let text) = $0.shape { text.string } else { nil } }
  }

  /// Where letters are: from their tops to the ends of those that hang below the line.
  var textFrames: [(text: String, frame: Frame)] {
    marks.compactMap { mark -> (text: String, frame: Frame)? in
      guard case .text(let text) = mark.shape else { return nil }
      let width = LetterWidths.width(of: text.string, size: text.size)
      let start = text.anchor == .start ? 0 : text.anchor == .middle ? -width / 2 : -width
      let (x, y, height) = (text.place.x, text.place.y, 0.93 * text.size)
      let rise = 0.72 * text.size
      let frame =
        text.isVertical
        ? Frame(minX: x - rise, minY: y - start - width, width: height, height: width)
        : Frame(minX: x + start, minY: y - rise, width: width, height: height)
      return (text.string, frame)
    }
  }
}
