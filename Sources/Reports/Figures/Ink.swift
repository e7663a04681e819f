/// A colour, as it is on light and on dark paper.
package struct Ink: Sendable, Hashable {
  /// `0xRRGGBB` on white; printed pages use it, too.
  package let light: UInt32
  /// `0xRRGGBB` where the reader asked for a dark page.
  package let dark: UInt32

  private init(_ light: UInt32, dark: UInt32) {
    self.light = light
    self.dark = dark
  }

  /// The colour on white as SVG writes it: `#2563eb`.
  package var name: String { Self.hexadecimal(light) }
  /// The colour on a dark page as SVG writes it.
  package var darkName: String { Self.hexadecimal(dark) }

  private static func hexadecimal(_ colour: UInt32) -> String {
    let digits = String(colour, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}

// The palette: a light colour stands for one dark colour only, since SVG finds the one by the other.

extension Ink {
  /// What everything is drawn on.
  package static let paper = Ink(0xffffff, dark: 0x0f172a)
  /// Titles and names.
  package static let text = Ink(0x0f172a, dark: 0xf1f5f9)
  /// Captions, labels of axes, notes.
  package static let quiet = Ink(0x475569, dark: 0xb6c2d2)
  /// Lines that are there to be overlooked.
  package static let grid = Ink(0xe2e8f0, dark: 0x2a3a52)
  /// Axes and the outlines of nodes.
  package static let frame = Ink(0x64748b, dark: 0x94a3b8)
  /// Edges that support the behaviour.
  package static let supporting = Ink(0x2563eb, dark: 0x60a5fa)
  /// Edges that oppose it.
  package static let opposing = Ink(0xdc2626, dark: 0xf87171)
  /// The inside of a head.
  package static let head = Ink(0xfef3c7, dark: 0x4a3510)
  /// The inside of an MLP.
  package static let mlp = Ink(0xe0e7ff, dark: 0x312e81)
  /// The inside of `input` and `logits`.
  package static let end = Ink(0xf1f5f9, dark: 0x1e293b)

  /// Colours of lines, those told apart most easily first.
  package static let lines = [
    supporting, opposing, Ink(0x059669, dark: 0x34d399), Ink(0xd97706, dark: 0xfbbf24),
    Ink(0x7c3aed, dark: 0xa78bfa), Ink(0x334155, dark: 0xcbd5e1), Ink(0x0891b2, dark: 0x22d3ee),
    Ink(0xdb2777, dark: 0xf472b6), Ink(0x65a30d, dark: 0xa3e635), Ink(0x92400e, dark: 0xd6a06a),
    Ink(0x1e3a8a, dark: 0x93a4f0),
  ]
}
