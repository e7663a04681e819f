import Foundation

/// Changes a text before tokens are made of it.
struct Normalizer: Sendable {
  enum Step: Sendable {
    /// Puts a text before every text that is not empty.
    case prepend(String)
    case replace(String, with: String)
    case replacePattern(NSRegularExpression, with: String)
    /// Unicode's normal forms: composed or not, of canonical or compatible characters.
    case form(isComposed: Bool, isCompatible: Bool)
    case lowercase
    case trim(left: Bool, right: Bool)
    /// Leaves out spaces around the text, and all but one of several, as SentencePiece does.
    case squeezeSpaces
    /// Leaves out marks that combine with letters.
    case stripAccents
  }

  var steps: [Step] = []

  /// - Parameters:
  ///   - text: A text.
  ///   - continues: Whether it follows another one, so that nothing is put before it.
  /// - Returns: The text as the model knows it.
  func normalized(_ text: String, continues: Bool = false) -> String {
    steps.reduce(text) { text, step in
      switch step {
      case .prepend where continues: text
      // The space between both texts stays.
      case .squeezeSpaces where continues && text.utf8.first == UInt8(ascii: " "):
        " " + step.applied(to: text)
      default: step.applied(to: text)
      }
    }
  }
}

extension Normalizer.Step {
  fileprivate func applied(to text: String) -> String {
    switch self {
    case .prepend(let prefix): return text.isEmpty ? text : prefix + text
    case .replace(let old, let new): return text.replacingBytes(of: old, with: new)
    case .replacePattern(let pattern, let new):
      return pattern.stringByReplacingMatches(
        in: text, range: NSRange(location: 0, length: (text as NSString).length),
        withTemplate: NSRegularExpression.escapedTemplate(for: new))
    case .form(isComposed: true, isCompatible: false):
      return text.precomposedStringWithCanonicalMapping
    case .form(isComposed: false, isCompatible: false):
      return text.decomposedStringWithCanonicalMapping
    case .form(isComposed: true, isCompatible: true):
      return text.precomposedStringWithCompatibilityMapping
    case .form(isComposed: false, isCompatible: true):
      return text.decomposedStringWithCompatibilityMapping
    case .lowercase:
      // Letter by letter: a sigma at a word's end is one like others.
      return text.unicodeScalars.reduce(into: "") { $0 += $1.properties.lowercaseMapping }
    case .trim(let left, let right):
      var scalars = Substring(text).unicodeScalars
      if left { scalars = scalars.drop { $0.properties.isWhitespace } }
      while right, let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
      return String(scalars)
    case .squeezeSpaces:
      var bytes: [UInt8] = []
      let space = UInt8(ascii: " ")
      for byte in text.utf8 where byte != space || (bytes.last ?? space) != space {
        bytes.append(byte)
      }
      var squeezed = String(decoding: bytes, as: UTF8.self)
      // A mark at the end counts as a space.
      while let last = squeezed.unicodeScalars.last, last == " " || last == "▁" {
        squeezed.unicodeScalars.removeLast()
      }
      return squeezed
    case .stripAccents:
      return String(
        String.UnicodeScalarView(
          text.unicodeScalars.filter { scalar in
            let marks: [Unicode.GeneralCategory] = [
              .nonspacingMark, .spacingMark, .enclosingMark,
            ]
            return !marks.contains(scalar.properties.generalCategory)
          }))
    }
  }
}

extension String {
  /// The text with every occurrence of another one replaced, compared byte for byte.
  func replacingBytes(of old: String, with new: String) -> String {
    guard !old.isEmpty else { return self }
    return replacingOccurrences(of: old, with: new, options: .literal)
  }
}
