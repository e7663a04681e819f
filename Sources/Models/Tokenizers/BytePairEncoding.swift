import Engine
import Graphs

/// Byte-pair encoding over bytes: which token each byte is, and which pairs merge in which order.
struct BytePairEncoding: Sendable {
  /// What a pair of tokens becomes.
  private struct Merge {
    let rank: Int32
    let merged: Int32
  }

  /// Nil for a byte that the vocabulary cannot write: the tokenizers library leaves it out too.
  private let byteTokens: [Int32?]
  /// By both tokens of a pair, see ``key(_:_:)``.
  private var merges: [UInt64: Merge]
  private let vocabulary: Vocabulary
  private let texts: [Int32: String]
  private let takesWholePieces: Bool
  let largestToken: Int32

  /// - Parameters:
  ///   - vocabulary: Tokens by text, in the printable alphabet that stands for bytes.
  ///   - pairs: Pairs of such texts, in the order they were learned.
  ///   - takesWholePieces: Whether a piece that is a token itself is never split (Llama 3).
  /// - Throws: ``TokenizerProblem`` for a merge of unknown tokens or a vocabulary without bytes.
  init(
    vocabulary: Vocabulary, merges pairs: [(String, String)], takesWholePieces: Bool = false
  ) throws(TokenizerProblem) {
    self.vocabulary = vocabulary
    self.takesWholePieces = takesWholePieces
    texts = try vocabulary.texts()
    largestToken = texts.keys.max() ?? 0
    byteTokens = ByteAlphabet.characters.map { vocabulary[String($0)] }
    guard byteTokens.contains(where: { $0 != nil }) else { throw .noBytes }
    merges = Dictionary(minimumCapacity: pairs.count)
    for (rank, (left, right)) in zip(Int32(0)..., pairs) {
      guard let first = vocabulary[left], let second = vocabulary[right],
        let merged = vocabulary[left + right]
      else { throw .unknownMerge("\(left) \(right)") }
      let key = Self.key(first, second)
      if merges[key] == nil { merges[key] = Merge(rank: rank, merged: merged) }
    }
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  func bytes(of token: Int32) -> [UInt8] {
    // Special tokens may be spelt outside of the alphabet: they are never made by merging.
    texts[token].map { ByteAlphabet.bytes($0) ?? Array($0.utf8) } ?? []
  }

  /// The tokens of one piece: the pair that was learned first merges first, the leftmost of equals.
  ///
  /// - Parameter piece: Bytes, spelt in the alphabet for them.
  /// - Returns: Tokens.
  /// - Complexity: O(n log n) in the piece's length.
  func encode(_ piece: String) -> [Int32] {
    if takesWholePieces, let token = vocabulary[piece] { return [token] }
    let bytes = ByteAlphabet.bytes(piece) ?? []
    var pieces = MergingPieces(bytes.compactMap { byteTokens[Int($0)] })
    return pieces.merged { left, right in
      merges[Self.key(left, right)].map { (Int($0.rank), $0.merged) }
    }
  }
}

/// The printable characters that GPT-2's files write for bytes.
enum ByteAlphabet {
  /// The character of each byte: itself when printable, else the next one from U+0100 on.
  static let characters: [Character] = {
    let printable = Array(33...126) + Array(161...172) + Array(174...255)
    var next: UInt32 = 256
    return (0..<256).map { byte in
      if printable.contains(byte) { return Character(Unicode.Scalar(UInt8(byte))) }
      defer { next += 1 }
      return Unicode.Scalar(next).map(Character.init) ?? " "
    }
  }()

  /// The byte of each character, by its number; nil for other ones.
  private static let bytes: [UInt8?] = {
    var table = [UInt8?](repeating: nil, count: 512)
    for (byte, character) in characters.enumerated() {
      for scalar in character.unicodeScalars { table[Int(scalar.value)] = UInt8(byte) }
    }
    return table
  }()

  /// Bytes as text of this alphabet.
  static func spell(_ bytes: some Sequence<UInt8>) -> String {
    String(bytes.map { characters[Int($0)] })
  }

  /// The bytes that a text of this alphabet stands for; nil when it holds other characters.
  static func bytes(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] else { return nil }
      result.append(byte)
    }
    return result
  }
}

/// What is wrong with a tokenizer's tables.
enum TokenizerProblem: Error {
  case badToken(String, Int32)
  case noBytes
  case unknownMerge(String)
  case badPattern(String)
  case slowPattern(String)

  var sentence: String {
    switch self {
    case .badToken(let text, let token):
      "the token \"\(text.shortened)\" has the number \(token), which is negative or another's"
    case .noBytes: "the vocabulary has no token for any byte"
    case .unknownMerge(let merge):
      "the merge \"\(merge.shortened)\" joins or makes a token that the vocabulary lacks"
    case .badPattern(let pattern):
      "the pre-tokenizer's pattern \"\(pattern.shortened)\" is not understood"
    case .slowPattern(let pattern):
      """
      the pre-tokenizer's pattern \"\(pattern.shortened)\" repeats a group that itself repeats something, which can \
      take forever
      """
    }
  }
}
