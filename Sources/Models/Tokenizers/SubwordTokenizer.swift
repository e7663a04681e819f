public import Engine

/// Text to tokens that are parts of words, and back: byte-pair encoding over bytes or characters, or unigrams.
///
/// Added tokens are cut out of the text first; the rest is normalised and split into pieces by the pre-tokenizer, and
/// the model makes tokens of each piece.
public struct SubwordTokenizer: Tokenizer {
  let parts: TokenizerParts
  /// The token that the model expects before every prompt; nil when it expects none.
  public let startToken: Int32?
  /// The largest token id.
  public let largestToken: Int

  init(_ parts: TokenizerParts, startToken: Int32?) {
    self.parts = parts
    self.startToken = startToken
    largestToken = max(parts.model.largestToken, parts.added.largestToken)
  }

  /// The largest token that texts are split into, added ones aside.
  var largestLearnedToken: Int { parts.model.largestToken }

  /// The tokens of a text, without a start token.
  ///
  /// - Complexity: O(n log n) in its length.
  public func encode(_ text: String) -> [Int32] { tokens(of: text, continues: false) }

  /// The tokens of a text that follows another one: without the space that some tokenizers put before a text.
  public func encode(continuing text: String) -> [Int32] { tokens(of: text, continues: true) }

  private func tokens(of text: String, continues: Bool) -> [Int32] {
    var isFirst = true
    var tokens: [Int32] = []
    for part in parts.added.split(
      text, by: { parts.normalizer.normalized($0, continues: continues) })
    {
      switch part {
      case .text(let text):
        let start = PreTokenizer.Start(isFirst: isFirst, continues: continues)
        for piece in parts.preTokenizer.pieces(of: text, start) {
          tokens += parts.model.encode(piece)
        }
      case .added(let token): tokens.append(token)
      }
      isFirst = false
    }
    return tokens
  }

  /// The text of tokens; bytes that are not UTF-8 become replacement characters.
  ///
  /// A space that the tokenizer put before a text stays.
  public func decode(_ tokens: some Sequence<Int32>) -> String {
    String(decoding: tokens.flatMap(bytes(of:)), as: UTF8.self)
  }

  /// Whether a token stands for itself in the text and not for bytes.
  public func isSpecial(_ token: Int32) -> Bool { parts.added.text(of: token) != nil }

  private func bytes(of token: Int32) -> [UInt8] {
    if let text = parts.added.text(of: token) { return Array(text.utf8) }
    return parts.model.text(of: token).map(parts.decoder.bytes) ?? []
  }
}

/// What a tokenizer is made of, in the order in which a text meets it.
struct TokenizerParts: Sendable {
  var added = AddedTokens([])
  var normalizer = Normalizer()
  var preTokenizer = PreTokenizer()
  var model: any SubwordModel
  var decoder = TokenDecoder()
}

/// Makes tokens of a piece of text.
protocol SubwordModel: Sendable {
  /// The largest token that it makes.
  var largestToken: Int { get }
  /// The tokens of a piece.
  func encode(_ piece: String) -> [Int32]
  /// How a token is spelt; nil when there is none.
  func text(of token: Int32) -> String?
}
