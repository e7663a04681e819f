import Foundation

/// A byte-level byte-pair tokenizer: text to tokens and back, without loss.
///
/// Special tokens are cut out of the text first; the rest is split into pieces by the
/// pre-tokenizer; each piece's bytes are merged pair by pair in the order the merges were learned.
public struct Tokenizer: Sendable {
  private let preTokenizer: PreTokenizer
  private let encoding: BytePairEncoding
  /// Tokens that are found in the text as they stand, longest first.
  private let specials: [(text: String, token: Int32)]
  private let specialTexts: [Int32: String]
  /// The token that the model expects before every prompt; nil when it expects none.
  public let startToken: Int32?
  /// The largest token id.
  public let largestToken: Int

  init(
    preTokenizer: PreTokenizer, encoding: BytePairEncoding, specials: [String: Int32],
    startToken: Int32?
  ) {
    self.preTokenizer = preTokenizer
    self.encoding = encoding
    self.specials = specials.sorted { ($1.key.utf8.count, $0.key) < ($0.key.utf8.count, $1.key) }
      .map { ($0.key, $0.value) }
    specialTexts = Dictionary(specials.map { ($1, $0) }, uniquingKeysWith: min)
    self.startToken = startToken
    largestToken = Int(max(encoding.largestToken, specials.values.max() ?? 0))
  }

  /// The tokens of a text, without a start token.
  ///
  /// - Complexity: O(n²) in the length of the longest piece, which is a word or a run of signs.
  public func encode(_ text: String) -> [Int32] {
    var tokens: [Int32] = []
    var rest = text[...]
    while let (range, token) = firstSpecial(in: rest) {
      tokens += encodePlain(rest[..<range.lowerBound])
      tokens.append(token)
      rest = rest[range.upperBound...]
    }
    return tokens + encodePlain(rest)
  }

  /// The text of tokens; bytes that are no UTF-8 become replacement characters.
  public func decode(_ tokens: some Sequence<Int32>) -> String {
    String(decoding: tokens.flatMap(bytes(of:)), as: UTF8.self)
  }

  /// Whether a token stands for itself in the text and not for bytes.
  package func isSpecial(_ token: Int32) -> Bool { specialTexts[token] != nil }

  private func bytes(of token: Int32) -> [UInt8] {
    specialTexts[token].map { Array($0.utf8) } ?? encoding.bytes(of: token)
  }

  private func encodePlain(_ text: Substring) -> [Int32] {
    preTokenizer.pieces(of: String(text)).flatMap { encoding.encode($0) }
  }

  private func firstSpecial(in text: Substring) -> (Range<Substring.Index>, Int32)? {
    var first: (range: Range<Substring.Index>, token: Int32)?
    for (special, token) in specials {
      guard let range = text.range(of: special, options: .literal) else { continue }
      if let found = first, found.range.lowerBound <= range.lowerBound { continue }
      first = (range, token)
    }
    return first.map { ($0.range, $0.token) }
  }
}
