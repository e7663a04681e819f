import Engine

/// A part of a prompt with a name, such as the second mention of a person.
public struct SpanMark: Sendable, Equatable {
  /// Where a part of a prompt is.
  public enum Place: Sendable, Equatable {
    /// A piece of its text, the first or a later time that it occurs, counted from 1.
    case text(String, occurrence: Int)
    /// Tokens, counted from 0.
    case tokens(ClosedRange<Int>)
  }

  /// What it is called.
  public let name: String
  /// Where it is.
  public let place: Place

  /// Names a part of a prompt.
  public init(_ name: String, _ place: Place) {
    self.name = name
    self.place = place
  }

  /// Names a piece of a prompt's text.
  init(_ name: String, _ text: String, occurrence: Int = 1) {
    self.init(name, .text(text, occurrence: occurrence))
  }
}

/// What parts of a prompt are called.
public enum SpanName {
  /// What no mark names.
  public static let rest = "rest"
  /// The last token, unless a mark names it.
  public static let end = "end"

  /// A name for each token of a prompt: that of the mark in which the token ends; of several, the last of them.
  ///
  /// - Parameters:
  ///   - tokens: The prompt.
  ///   - marks: The parts that have names.
  ///   - tokenizer: The model's, for marks of texts.
  /// - Returns: As many names as tokens; nil when a mark is not in the prompt, with ``missing`` being that mark.
  static func labels(
    of tokens: [Int32], _ marks: [SpanMark], _ tokenizer: (any Tokenizer)?
  ) -> (labels: [String], missing: SpanMark?) {
    var labels = [String](repeating: rest, count: tokens.count)
    if !labels.isEmpty { labels[labels.count - 1] = end }
    var ends: [Int] = []
    for mark in marks {
      switch mark.place {
      case .tokens(let range):
        guard range.upperBound < tokens.count else { return (labels, mark) }
        for token in range { labels[token] = mark.name }
      case .text(let text, let occurrence):
        guard let tokenizer else { return (labels, mark) }
        // A token's text can depend on those before it.
        if ends.isEmpty {
          ends = tokens.indices.map { tokenizer.decode(tokens[...$0]).utf8.count }
        }
        let whole = Array(tokenizer.decode(tokens).utf8)
        guard let bytes = whole.range(of: Array(text.utf8), occurrence: occurrence) else {
          return (labels, mark)
        }
        for (token, end) in ends.enumerated() where bytes.contains(end - 1) {
          labels[token] = mark.name
        }
      }
    }
    return (labels, nil)
  }
}

extension [UInt8] {
  /// Where some bytes stand, the first or a later time; nil when they do not so often.
  fileprivate func range(of bytes: [UInt8], occurrence: Int) -> Range<Int>? {
    guard !bytes.isEmpty, count >= bytes.count else { return nil }
    let starts = (0...(count - bytes.count)).lazy.filter { start in
      self[start..<(start + bytes.count)].elementsEqual(bytes)
    }
    return starts.dropFirst(occurrence - 1).first.map { $0..<($0 + bytes.count) }
  }
}
