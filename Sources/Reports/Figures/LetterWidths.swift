import Foundation

/// How wide text is in Helvetica, the one font that every PDF reader brings along.
///
/// Screens show it, or Arial, whose letters are as wide; so places reckoned here hold for both.
package enum LetterWidths {
  /// Thousandths of the size, from the space to the tilde.
  private static let widths: [Double] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
  ]

  /// Bytes of the encoding WinAnsi that are not those of Latin-1.
  private static let windows: [Character: UInt8] = [
    "€": 0x80, "‚": 0x82, "ƒ": 0x83, "„": 0x84, "…": 0x85, "†": 0x86, "‡": 0x87, "ˆ": 0x88,
    "‰": 0x89, "Š": 0x8a, "‹": 0x8b, "Œ": 0x8c, "Ž": 0x8e, "‘": 0x91, "’": 0x92, "“": 0x93,
    "”": 0x94, "•": 0x95, "–": 0x96, "—": 0x97, "˜": 0x98, "™": 0x99, "š": 0x9a, "›": 0x9b,
    "œ": 0x9c, "ž": 0x9e, "Ÿ": 0x9f,
  ]

  /// What is written for signs that Helvetica lacks.
  private static let substitutes: [Character: String] = [
    "−": "-", "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "∞": "inf",
    "τ": "tau", "α": "alpha", "β": "beta", "λ": "lambda", "Δ": "Delta", "∅": "empty",
    "\u{202f}": " ", "\u{2009}": " ", "\t": " ", "\n": " ",
  ]

  /// Text in the encoding that PDF calls WinAnsi; a question mark for what it cannot say.
  static func winAnsi(_ text: String) -> [UInt8] {
    text.precomposedStringWithCanonicalMapping.flatMap { character -> [UInt8] in
      if let byte = windows[character] { return [byte] }
      if let other = substitutes[character] { return Array(other.utf8) }
      guard let scalar = character.unicodeScalars.first, character.unicodeScalars.count == 1,
        (0x20...0x7e).contains(scalar.value) || (0xa0...0xff).contains(scalar.value)
      else { return [UInt8(ascii: "?")] }
      return [UInt8(scalar.value)]
    }
  }

  /// How wide text is at a size.
  package static func width(of text: String, size: Double) -> Double {
    winAnsi(text).reduce(0) { sum, byte in
      switch byte {
      case 0x20...0x7e: sum + widths[Int(byte) - 0x20]
      case 0x85, 0x89, 0x97, 0x99: sum + 1000
      // Letters with accents are as wide as a digit or a little wider.
      case 0xc0...0xde: sum + 722
      default: sum + 556
      }
    } * size / 1000
  }

  /// Text broken into lines that fit a width, at spaces; a word that is wider is broken anywhere.
  static func lines(of text: String, size: Double, width: Double) -> [String] {
    text.split(separator: "\n").flatMap { paragraph -> [String] in
      var lines: [String] = []
      for word in paragraph.split(separator: " ") {
        if let last = lines.last, Self.width(of: "\(last) \(word)", size: size) <= width {
          lines[lines.count - 1] = "\(last) \(word)"
        } else {
          lines += pieces(of: String(word), size: size, width: width)
        }
      }
      return lines
    }
  }

  private static func pieces(of word: String, size: Double, width: Double) -> [String] {
    word.reduce(into: [""]) { pieces, character in
      let longer = pieces[pieces.count - 1] + String(character)
      if pieces[pieces.count - 1].isEmpty || Self.width(of: longer, size: size) <= width {
        pieces[pieces.count - 1] = longer
      } else {
        pieces.append(String(character))
      }
    }
  }
}
