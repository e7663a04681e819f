/// What becomes of characters that a vocabulary lacks.
struct UnknownText: Sendable {
  /// The tokens of bytes, where there are such; they come first.
  var bytes: ByteTokens?
  /// The token for what else is unknown; nil leaves it out.
  var token: Int32?
  /// Whether one token stands for several such characters behind each other.
  var isFused = false
}

/// Byte-pair encoding: which token each character is, and which pairs merge in which order.
///
/// The characters of byte-level tokenizers are those of the alphabet for bytes.
struct BytePairEncoding: SubwordModel {
  /// What a pair of tokens becomes.
  private struct Merge {
    let rank: Int32
    let merged: Int32
  }

  /// Which pairs merge.
  private enum Merges {
    /// By both tokens of a pair, see ``key(_:_:)``.
    case listed([UInt64: Merge])
    /// Any pair that makes a token; a token's rank is that of its score.
    case scored([Int32: Int32])
  }

  private let vocabulary: Vocabulary
  private let texts: [Int32: String]
  private let merges: Merges
  private let unknown: UnknownText
  private let takesWholePieces: Bool
  let largestToken: Int
  /// The tokens of the first characters of Unicode, those of the alphabet for bytes among them.
  private let letters: [Int32?]

  /// Merges that were learned one after another.
  ///
  /// - Parameters:
  ///   - vocabulary: Tokens by text.
  ///   - pairs: Pairs of such texts, in the order they were learned.
  ///   - takesWholePieces: Whether a piece that is a token itself is never split (Llama 3).
  ///   - unknown: What becomes of characters that are no tokens.
  /// - Throws: ``TokenizerProblem`` for a merge of unknown tokens.
  init(
    vocabulary: Vocabulary, merges pairs: [(String, String)], takesWholePieces: Bool = false,
    unknown: UnknownText = UnknownText()
  ) throws(TokenizerProblem) {
    var merges = [UInt64: Merge](minimumCapacity: pairs.count)
    for (rank, (left, right)) in zip(Int32(0)..., pairs) {
      guard let first = vocabulary[left], let second = vocabulary[right],
        let merged = vocabulary[left + right]
      else { throw .unknownMerge("\(left) \(right)") }
      let key = Self.key(first, second)
      if merges[key] == nil { merges[key] = Merge(rank: rank, merged: merged) }
    }
    try self.init(vocabulary, .listed(merges), takesWholePieces, unknown)
  }

  /// Merges by the scores of what they make, the highest first, as SentencePiece keeps them.
  ///
  /// - Throws: ``TokenizerProblem`` for a token that is there twice.
  init(
    vocabulary: Vocabulary, scores: [Float], unknown: UnknownText
  ) throws(TokenizerProblem) {
    var ranks: [Int32: Int32] = [:]
    var (rank, last) = (Int32(-1), Float.nan)
    for (token, score) in zip(Int32(0)..., scores).sorted(by: { ($1.1, $0.0) < ($0.1, $1.0) }) {
      if score != last { rank += 1 }
      last = score
      // What stands for a byte is no part of a word.
      if unknown.bytes?.contains(token) != true { ranks[token] = rank }
    }
    try self.init(vocabulary, .scored(ranks), false, unknown)
  }

  private init(
    _ vocabulary: Vocabulary, _ merges: Merges, _ takesWholePieces: Bool, _ unknown: UnknownText
  ) throws(TokenizerProblem) {
    (self.vocabulary, self.merges, self.unknown) = (vocabulary, merges, unknown)
    self.takesWholePieces = takesWholePieces
    texts = try vocabulary.texts()
    largestToken = Int(texts.keys.max() ?? 0)
    letters = (0..<512).map { number in
      Unicode.Scalar(number).flatMap { vocabulary[String($0)] }
    }
  }

  /// Whether there is a token for any byte, in the alphabet for them.
  var knowsBytes: Bool {
    ByteAlphabet.characters.contains { vocabulary[String($0)] != nil }
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  func text(of token: Int32) -> String? { texts[token] }

  /// The tokens of one piece: the pair that was learned first merges first, the leftmost of equals.
  ///
  /// - Complexity: O(n log n) in the piece's length.
  func encode(_ piece: String) -> [Int32] {
    if takesWholePieces, let token = vocabulary[piece] { return [token] }
    var pieces = MergingPieces(characters(piece))
    return pieces.merged { left, right in merge(left, right) }
  }

  private func merge(_ left: Int32, _ right: Int32) -> (rank: Int, merged: Int32)? {
    switch merges {
    case .listed(let table):
      return table[Self.key(left, right)].map { (Int($0.rank), $0.merged) }
    case .scored(let ranks):
      guard ranks[left] != nil, ranks[right] != nil, let first = texts[left],
        let second = texts[right], let merged = vocabulary[first + second],
        let rank = ranks[merged]
      else { return nil }
      return (Int(rank), merged)
    }
  }

  /// The token of each character, or what stands for those that have none.
  private func characters(_ piece: String) -> [Int32] {
    var tokens: [Int32] = []
    // A token for what is unknown waits until something known comes.
    var waiting: Int32?
    for scalar in piece.unicodeScalars {
      let known =
        scalar.value < letters.count
        ? letters[Int(scalar.value)] : vocabulary[String(scalar)]
      if let known {
        if let token = waiting { tokens.append(token) }
        waiting = nil
        tokens.append(known)
      } else if let bytes = unknown.bytes?(String(scalar)) {
        tokens += bytes
      } else if let token = unknown.token {
        if waiting != nil, !unknown.isFused { tokens.append(token) }
        waiting = token
      }
    }
    return tokens + (waiting.map { [$0] } ?? [])
  }
}
