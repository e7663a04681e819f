/// Turns text into a model's tokens and back.
public protocol Tokenizer: Sendable {
  /// The token that the model expects before every prompt; nil when it expects none.
  var startToken: Int32? { get }
  /// The largest token id.
  var largestToken: Int { get }

  /// The tokens of a text, without a start token.
  func encode(_ text: String) -> [Int32]
  /// The tokens of a text that follows another one, such as an answer: ` Mary` with its space is what comes after
  /// "gave a drink to", also where tokenizers put a space before a text by themselves.
  func encode(continuing text: String) -> [Int32]
  /// The text of tokens; bytes that are not UTF-8 become replacement characters.
  func decode(_ tokens: some Sequence<Int32>) -> String
  /// Whether a token stands for itself in the text and not for bytes.
  func isSpecial(_ token: Int32) -> Bool
}

extension Tokenizer {
  /// The tokens of the text, as of any other one.
  public func encode(continuing text: String) -> [Int32] { encode(text) }
}
