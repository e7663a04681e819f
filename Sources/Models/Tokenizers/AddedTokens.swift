import Foundation

/// A token that is found in the text as it stands, before it is split into pieces.
struct AddedToken: Sendable {
  var text: String
  var id: Int32
  /// Whether it takes the white space before it, or after it, along.
  var takesSpaceBefore = false
  var takesSpaceAfter = false
  /// Whether it is found only where no word goes on before or after it.
  var isSingleWord = false
  /// Whether it is looked for in the normalised text.
  var isNormalized = false
}

/// All tokens that are found in the text as they stand.
struct AddedTokens: Sendable {
  /// A stretch of text without added tokens, normalised, or one of them.
  enum Part: Equatable {
    case text(String)
    case added(Int32)
  }

  private let texts: [Int32: String]
  /// Those that are looked for in the text as it is, and in the normalised text.
  private let plain: TokenFinder
  private let normalized: TokenFinder
  let largestToken: Int

  /// - Parameters:
  ///   - tokens: The tokens; one without text is never found.
  ///   - normalize: Normalises the texts of those that are looked for in normalised text.
  init(_ tokens: [AddedToken], normalize: (String) -> String = { $0 }) {
    texts = Dictionary(tokens.map { ($0.id, $0.text) }, uniquingKeysWith: min)
    largestToken = Int(tokens.map(\.id).max() ?? -1)
    plain = TokenFinder(tokens.filter { !$0.isNormalized })
    normalized = TokenFinder(
      tokens.filter(\.isNormalized).map { token in
        var token = token
        token.text = normalize(token.text)
        return token
      })
  }

  func text(of token: Int32) -> String? { texts[token] }

  /// Cuts the tokens out of a text: from left to right, at each place the longest.
  ///
  /// - Complexity: O(n), times the number of tokens that start with the same byte.
  func split(_ text: String, by normalize: (String) -> String) -> [Part] {
    plain.split(text).flatMap { part in
      switch part {
      case .text(let text): normalized.split(normalize(text))
      case .added: [part]
      }
    }
  }
}

/// Finds tokens of one kind.
private struct TokenFinder: Sendable {
  /// The tokens whose text starts with a byte, longest first.
  private let byFirstByte: [[(bytes: [UInt8], token: AddedToken)]]

  init(_ tokens: [AddedToken]) {
    var table = [[(bytes: [UInt8], token: AddedToken)]](repeating: [], count: 256)
    for token in tokens.sorted(by: {
      ($1.text.utf8.count, $0.text) < ($0.text.utf8.count, $1.text)
    }) {
      let bytes = Array(token.text.utf8)
      if let first = bytes.first { table[Int(first)].append((bytes, token)) }
    }
    byFirstByte = table
  }

  func split(_ text: String) -> [AddedTokens.Part] {
    let bytes = Array(text.utf8)
    var parts: [AddedTokens.Part] = []
    var (start, place) = (0, 0)
    let flush = { (end: Int) in
      start < end
        ? [AddedTokens.Part.text(String(decoding: bytes[start..<end], as: UTF8.self))] : []
    }
    while place < bytes.count {
      let found = byFirstByte[Int(bytes[place])].first { bytes[place...].starts(with: $0.bytes) }
      guard let found else {
        place += 1
        continue
      }
      var (first, end) = (place, place + found.bytes.count)
      place = end
      if found.token.isSingleWord,
        Self.wordEnds(bytes[..<first]) || Self.wordStarts(bytes[end...])
      {
        continue
      }
      if found.token.takesSpaceBefore { first = max(Self.withoutSpaceAtEnd(bytes, first), start) }
      if found.token.takesSpaceAfter { end = Self.spaceAtStart(bytes, end) }
      parts += flush(first)
      parts.append(.added(found.token.id))
      // The next token may lie in the space that this one took along, as in the tokenizers library.
      start = end
    }
    return parts + flush(bytes.count)
  }

  private static func scalars(_ bytes: ArraySlice<UInt8>) -> String.UnicodeScalarView {
    String(decoding: bytes, as: UTF8.self).unicodeScalars
  }

  private static func wordEnds(_ bytes: ArraySlice<UInt8>) -> Bool {
    scalars(bytes.suffix(4)).last?.isPartOfWord ?? false
  }

  private static func wordStarts(_ bytes: ArraySlice<UInt8>) -> Bool {
    scalars(bytes.prefix(4)).first?.isPartOfWord ?? false
  }

  /// Where white space that ends at a place starts.
  private static func withoutSpaceAtEnd(_ bytes: [UInt8], _ place: Int) -> Int {
    let space = scalars(bytes[..<place]).reversed().prefix { $0.properties.isWhitespace }
    return place - space.reduce(0) { $0 + UTF8.width($1) }
  }

  /// Where white space that starts at a place ends.
  private static func spaceAtStart(_ bytes: [UInt8], _ place: Int) -> Int {
    let space = scalars(bytes[place...]).prefix { $0.properties.isWhitespace }
    return place + space.reduce(0) { $0 + UTF8.width($1) }
  }
}

extension Unicode.Scalar {
  /// Whether a regular expression's `\w` matches it.
  fileprivate var isPartOfWord: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: properties.isAlphabetic || properties.isJoinControl
    }
  }
}
