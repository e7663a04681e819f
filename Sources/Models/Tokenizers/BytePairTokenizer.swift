public import Engine
/// A byte-level byte-pair tokenizer: text to tokens and back, without loss.
///
/// Special tokens are cut out of the text first; the rest is split into pieces by the
/// pre-tokenizer; each piece's bytes are merged pair by pair in the order the merges were learned.
public struct BytePairTokenizer: Tokenizer {
  private let preTokenizer: PreTokenizer
  private let encoding: BytePairEncoding
  private let specials: SpecialTokens
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
    self.specials = SpecialTokens(specials)
    specialTexts = Dictionary(specials.map { ($1, $0) }, uniquingKeysWith: min)
    self.startToken = startToken
    largestToken = Int(max(encoding.largestToken, specials.values.max() ?? 0))
  }

  /// The tokens of a text, without a start token.
  ///
  /// - Complexity: O(n log n) in its length.
  public func encode(_ text: String) -> [Int32] {
    specials.split(text).flatMap { part in
      switch part {
      case .text(let text): preTokenizer.pieces(of: text).flatMap { encoding.encode($0) }
      case .special(let token): [token]
      }
    }
  }

  /// The text of tokens; bytes that are not UTF-8 become replacement characters.
  public func decode(_ tokens: some Sequence<Int32>) -> String {
    String(decoding: tokens.flatMap(bytes(of:)), as: UTF8.self)
  }

  /// Whether a token stands for itself in the text and not for bytes.
  public func isSpecial(_ token: Int32) -> Bool { specialTexts[token] != nil }

  private func bytes(of token: Int32) -> [UInt8] {
    specialTexts[token].map { Array($0.utf8) } ?? encoding.bytes(of: token)
  }
}
