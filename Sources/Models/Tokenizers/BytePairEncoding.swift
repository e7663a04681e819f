import Engine
import Graphs

/// Byte-pair encoding over bytes: which token each byte is, and which pairs merge in which order.
struct BytePairEncoding: Sendable {
  private struct Pair: Hashable {
    let left: Int32
    let right: Int32
  }

  /// Nil for a byte that the vocabulary cannot write: the tokenizers library leaves it out too.
  private var byteTokens: [Int32?] = []
  private var merges: [Pair: (rank: Int, merged: Int32)] = [:]
  private var tokenBytes: [Int32: [UInt8]] = [:]
  private let wholePieces: [[UInt8]: Int32]
  private(set) var largestToken: Int32 = 0

  /// - Parameters:
  ///   - vocabulary: Tokens by text, in the printable alphabet that stands for bytes.
  ///   - pairs: Pairs of such texts, in the order they were learned.
  ///   - takesWholePieces: Whether a piece that is a token itself is never split (Llama 3).
  /// - Throws: ``TokenizerProblem`` for a merge of unknown tokens or a vocabulary without bytes.
  init(
    vocabulary: [String: Int32], merges pairs: [(String, String)], takesWholePieces: Bool = false
  ) throws(TokenizerProblem) {
    tokenBytes.reserveCapacity(vocabulary.count)
    merges.reserveCapacity(pairs.count)
    for (text, token) in vocabulary {
      guard token >= 0, tokenBytes[token] == nil else { throw Self.badToken(vocabulary) }
      // Special tokens may be spelt outside of the alphabet: they are never made by merging.
      tokenBytes[token] = ByteAlphabet.bytes(text) ?? Array(text.utf8)
      largestToken = max(largestToken, token)
    }
    for byte in 0..<256 {
      byteTokens.append(vocabulary[String(ByteAlphabet.characters[byte])])
    }
    guard byteTokens.contains(where: { $0 != nil }) else { throw .noBytes }
    for (rank, (left, right)) in pairs.enumerated() {
      guard let first = vocabulary[left], let second = vocabulary[right],
        let merged = vocabulary[left + right]
      else { throw .unknownMerge("\(left) \(right)") }
      let pair = Pair(left: first, right: second)
      if merges[pair] == nil { merges[pair] = (rank, merged) }
    }
    wholePieces =
      takesWholePieces
      ? Dictionary(tokenBytes.map { ($1, $0) }, uniquingKeysWith: min) : [:]
  }

  /// What is wrong with a vocabulary in which a number is negative or another's: of all such tokens, the first by name.
  private static func badToken(_ vocabulary: [String: Int32]) -> TokenizerProblem {
    var seen: Set<Int32> = []
    let bad = vocabulary.sorted { $0.key < $1.key }.first { $1 < 0 || !seen.insert($1).inserted }
    return bad.map { .badToken($0, $1) } ?? .noBytes
  }

  func bytes(of token: Int32) -> [UInt8] { tokenBytes[token] ?? [] }

  /// The tokens of one piece: the pair that was learned first merges first, the leftmost of equals.
  ///
  /// - Parameter piece: Bytes, spelt in the alphabet for them.
  /// - Returns: Tokens.
  /// - Complexity: O(n log n) in the piece's length.
  func encode(_ piece: String) -> [Int32] {
    let bytes = ByteAlphabet.bytes(piece) ?? []
    if let token = wholePieces[bytes] { return [token] }
    var pieces = MergingPieces(bytes.compactMap { byteTokens[Int($0)] })
    return pieces.merged { merges[Pair(left: $0, right: $1)] }
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
