import Foundation

/// A regular expression that splits text, and what becomes of its matches.
struct SplitPattern: Sendable {
  /// What becomes of what matches, as the tokenizers library calls it.
  enum Behavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  private let expression: NSRegularExpression
  private let behavior: Behavior
  /// Whether what lies between matches is split off instead of them.
  private let isInverted: Bool

  /// - Parameters:
  ///   - pattern: A regular expression as in `tokenizer.json`.
  ///   - behavior: What becomes of matches.
  ///   - isInverted: Whether what lies between them counts as a match instead.
  /// - Throws: ``TokenizerProblem`` for a pattern that is not understood, or that could take forever.
  init(
    _ pattern: String, _ behavior: Behavior = .isolated, isInverted: Bool = false
  ) throws(TokenizerProblem) {
    expression = try Self.compile(pattern)
    (self.behavior, self.isInverted) = (behavior, isInverted)
  }

  static func compile(_ pattern: String) throws(TokenizerProblem) -> NSRegularExpression {
    guard !repeatsRepetition(pattern) else { throw .slowPattern(pattern) }
    // ICU's \s leaves out vertical tab and next line, which Unicode and other engines count.
    let portable = pattern.replacingOccurrences(of: "\\s", with: "\\p{White_Space}")
      .replacingOccurrences(of: "\\S", with: "\\P{White_Space}")
    guard let expression = try? NSRegularExpression(pattern: portable) else {
      throw .badPattern(pattern)
    }
    return expression
  }

  /// The pieces of a text, none of them empty.
  func pieces(of text: String) -> [String] {
    let whole = text as NSString
    return merged(matches(in: text, length: whole.length)).map(whole.substring(with:))
  }

  /// Matches and what lies between them, in order.
  private func matches(in text: String, length: Int) -> [(range: NSRange, isMatch: Bool)] {
    var found: [(range: NSRange, isMatch: Bool)] = []
    var end = 0
    for match in expression.matches(in: text, range: NSRange(location: 0, length: length)) {
      let range = match.range
      guard range.length > 0 else { continue }
      if range.location > end {
        found.append((NSRange(location: end, length: range.location - end), isInverted))
      }
      found.append((range, !isInverted))
      end = range.location + range.length
    }
    if end < length { found.append((NSRange(location: end, length: length - end), isInverted)) }
    return found
  }

  private func merged(_ found: [(range: NSRange, isMatch: Bool)]) -> [NSRange] {
    switch behavior {
    case .removed: found.filter { !$0.isMatch }.map(\.range)
    case .isolated: found.map(\.range)
    case .contiguous: Self.joined(found) { $0 == $1 }
    case .mergedWithPrevious: Self.joined(found) { !$0 && $1 }
    case .mergedWithNext: Self.joined(found) { $0 && !$1 }
    }
  }

  /// Joins neighbours, by whether each of them matches.
  private static func joined(
    _ found: [(range: NSRange, isMatch: Bool)], where isJoined: (Bool, Bool) -> Bool
  ) -> [NSRange] {
    var ranges: [NSRange] = []
    for (index, part) in found.enumerated() {
      if index > 0, isJoined(found[index - 1].isMatch, part.isMatch) {
        ranges[ranges.count - 1].length += part.range.length
      } else {
        ranges.append(part.range)
      }
    }
    return ranges
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
}
