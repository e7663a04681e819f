import Engine
import Files
import Foundation

/// Splits text into the pieces that are merged on their own, written in the alphabet for bytes.
struct PreTokenizer: Sendable {
  /// Splits applied one after another: every match, and everything between matches, is a piece.
  private let textPatterns: [NSRegularExpression]
  /// Splits applied after bytes were spelt as characters, so that they see `Â½` where the text has `½`.
  private let bytePatterns: [NSRegularExpression]
  /// Whether text is first brought into Unicode's composed form.
  private let composes: Bool

  /// The splits of a pre-tokenizer, before and after bytes are spelt as characters.
  struct Patterns: Equatable {
    var text: [String] = []
    var bytes: [String] = []
  }

  /// - Parameters:
  ///   - patterns: Regular expressions as in `tokenizer.json`.
  ///   - composes: Whether text is normalised to NFC.
  /// - Throws: ``TokenizerProblem`` for a pattern that is not understood.
  init(_ patterns: Patterns, composes: Bool = false) throws(TokenizerProblem) {
    textPatterns = try Self.compile(patterns.text)
    bytePatterns = try Self.compile(patterns.bytes)
    self.composes = composes
  }

  private static func compile(
    _ patterns: [String]
  ) throws(TokenizerProblem) -> [NSRegularExpression] {
    var compiled: [NSRegularExpression] = []
    for pattern in patterns {
      guard !repeatsRepetition(pattern) else { throw .slowPattern(pattern) }
      // ICU's \s leaves out vertical tab and next line, which Unicode and other engines count.
      let portable = pattern.replacingOccurrences(of: "\\s", with: "\\p{White_Space}")
        .replacingOccurrences(of: "\\S", with: "\\P{White_Space}")
      guard let expression = try? NSRegularExpression(pattern: portable) else {
        throw .badPattern(pattern)
      }
      compiled.append(expression)
    }
    return compiled
  }

  /// Whether a group that can be repeated any number of times holds something that can: such as `(a+)+`, which takes
  /// time that doubles with each letter where it does not match.
  private static func repeatsRepetition(_ pattern: String) -> Bool {
    var (isEscaped, isInSet, isAfterGroup) = (false, false, false)
    /// For each open group, whether something in it can be repeated or is one of several.
    var groups = [false]
    /// Whether the group that was closed last holds a repetition.
    var closed = false
    for character in pattern {
      let wasAfterGroup = isAfterGroup
      isAfterGroup = false
      if isEscaped {
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if isInSet {
        isInSet = character != "]"
      } else if character == "[" {
        isInSet = true
      } else if character == "(" {
        groups.append(false)
      } else if character == ")" {
        closed = groups.count > 1 ? groups.removeLast() : false
        groups[groups.count - 1] = groups[groups.count - 1] || closed
        isAfterGroup = true
      } else if character == "*" || character == "+" || character == "{" {
        if wasAfterGroup, closed { return true }
        if character != "{" { groups[groups.count - 1] = true }
      } else if character == "|", groups.count > 1 {
        groups[groups.count - 1] = true
      }
    }
    return false
  }

  func pieces(of text: String) -> [String] {
    let text = composes ? text.precomposedStringWithCanonicalMapping : text
    let pieces = Self.split(text.isEmpty ? [] : [text], by: textPatterns)
    return Self.split(pieces.map { ByteAlphabet.spell($0.utf8) }, by: bytePatterns)
  }

  private static func split(_ pieces: [String], by patterns: [NSRegularExpression]) -> [String] {
    patterns.reduce(pieces) { pieces, pattern in pieces.flatMap { split($0, by: pattern) } }
  }

  private static func split(_ text: String, by pattern: NSRegularExpression) -> [String] {
    let whole = text as NSString
    var pieces: [String] = []
    var end = 0
    for match in pattern.matches(in: text, range: NSRange(location: 0, length: whole.length)) {
      let range = match.range
      guard range.length > 0 else { continue }
      if range.location > end {
        pieces.append(whole.substring(with: NSRange(location: end, length: range.location - end)))
      }
      pieces.append(whole.substring(with: range))
      end = range.location + range.length
    }
    if end < whole.length { pieces.append(whole.substring(from: end)) }
    return pieces
  }
}

extension PreTokenizer {
  /// Contractions, letters, digits, signs, white space: the split of GPT-2.
  static let gpt2 =
    #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  /// Every digit by itself.
  static let digit = #"\p{N}"#

  /// The splits that GGUF files call by name.
  static func named(_ name: String) -> Patterns? {
    switch name {
    // SmolLM's vocabulary joins no digits, so splitting them first would only matter where several
    // spaces or a sign such as ½ come with them; there, these are the tokens of the reference values.
    case "gpt-2", "gpt2", "smollm": Patterns(text: [gpt2])
    case "llama-bpe", "llama3", "llama-v3": Patterns(text: [modern(digits: "{1,3}")])
    case "qwen2": Patterns(text: [modern(digits: "")])
    default: nil
    }
  }

  /// The split of Llama 3 and Qwen 2, which differ in how many digits stay together.
  private static func modern(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }
}
