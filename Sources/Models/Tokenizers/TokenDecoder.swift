/// Makes text of tokens, one by one.
struct TokenDecoder: Sendable {
  /// Whether tokens are spelt in the alphabet for bytes.
  var spellsBytes = false
  /// Whether `<0x0A>` stands for a byte.
  var hasByteTokens = false
  /// What marks stand for: a space for `▁`.
  var replacements: [(old: String, new: String)] = []

  /// The bytes of a token as the vocabulary spells it.
  func bytes(of text: String) -> [UInt8] {
    if hasByteTokens, let byte = ByteTokens.byte(of: text) { return [byte] }
    // Special tokens may be spelt outside of the alphabet: they are never made by merging.
    if spellsBytes, let bytes = ByteAlphabet.bytes(text) { return bytes }
    return Array(replacements.reduce(text) { $0.replacingBytes(of: $1.old, with: $1.new) }.utf8)
  }
}

/// The tokens `<0x00>` to `<0xFF>`, which stand for the bytes of characters that a vocabulary lacks.
struct ByteTokens: Sendable {
  private let tokens: [Int32?]

  /// Finds them in a vocabulary.
  init(_ vocabulary: Vocabulary) {
    tokens = (0..<256).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return vocabulary["<0x\(byte < 16 ? "0" : "")\(digits)>"]
    }
  }

  /// The byte that a token stands for; nil for others.
  static func byte(of text: String) -> UInt8? {
    guard text.utf8.count == 6, text.hasPrefix("<0x"), text.hasSuffix(">") else { return nil }
    return UInt8(text.dropFirst(3).dropLast(), radix: 16)
  }

  /// The tokens of a text's bytes; nil when one of them has none.
  func callAsFunction(_ text: some StringProtocol) -> [Int32]? {
    let found = text.utf8.compactMap { tokens[Int($0)] }
    return found.count == text.utf8.count ? found : nil
  }

  func contains(_ token: Int32) -> Bool { tokens.contains(token) }
}
