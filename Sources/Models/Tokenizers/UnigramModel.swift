/// Unigrams: of all ways to cut a piece into tokens, the one whose scores have the largest sum.
///
/// See Kudo 2018, arXiv 1804.10959; a character that is no token counts as one of a score that is 10 below the least.
struct UnigramModel: SubwordModel {
  private let texts: [String]
  private let scores: [Double]
  private let vocabulary: Vocabulary
  private let unknown: UnknownText
  private let trie: ByteTrie
  private let unknownScore: Double

  /// - Parameters:
  ///   - entries: The texts of tokens and their scores, logarithms of probabilities; nil for those that no text is cut
  ///     into.
  ///   - unknown: What stands for characters that are no tokens.
  /// - Throws: ``TokenizerProblem`` for an unknown token that is none of the vocabulary.
  init(
    _ entries: [(text: String, score: Double?)], unknown: UnknownText
  ) throws(TokenizerProblem) {
    guard unknown.token.map({ entries.indices.contains(Int($0)) }) ?? true else {
      throw .badUnknown
    }
    texts = entries.map(\.text)
    scores = entries.map { $0.score ?? 0 }
    self.unknown = unknown
    var vocabulary = Vocabulary(capacity: entries.count)
    var trie = ByteTrie()
    for (token, entry) in zip(Int32(0)..., entries) where entry.score != nil {
      vocabulary[entry.text] = token
      trie.insert(entry.text, token)
    }
    (self.vocabulary, self.trie) = (vocabulary, trie)
    unknownScore = (entries.compactMap(\.score).min() ?? 0) - 10
  }

  var largestToken: Int { texts.count - 1 }

  func text(of token: Int32) -> String? {
    texts.indices.contains(Int(token)) ? texts[Int(token)] : nil
  }

  /// The best way that ends at a place: where its last token starts, and which it is.
  private struct Step {
    var score = -Double.infinity
    var start: Int?
    var isUnknown = false
  }

  /// The tokens of one piece, by the method of Viterbi.
  ///
  /// - Complexity: O(n · l) in its length and that of the longest token.
  func encode(_ piece: String) -> [Int32] {
    let bytes = Array(piece.utf8)
    return spans(bytes).flatMap { span in
      let text = String(decoding: bytes[span], as: UTF8.self)
      if let token = vocabulary[text] { return [token] }
      return unknown.bytes?(text) ?? unknown.token.map { [$0] } ?? []
    }
  }

  private func spans(_ bytes: [UInt8]) -> [Range<Int>] {
    var best = [Step](repeating: Step(), count: bytes.count + 1)
    best[0].score = 0
    var start = 0
    while start < bytes.count {
      let width = Self.width(of: bytes[start])
      var isKnown = false
      trie.forEachPrefix(of: bytes, from: start) { end, token in
        Self.improve(
          &best[end], from: start, best[start].score + scores[Int(token)], token == unknown.token)
        if end - start == width { isKnown = true }
      }
      if !isKnown {
        Self.improve(&best[start + width], from: start, best[start].score + unknownScore, true)
      }
      start += width
    }
    var spans: [Range<Int>] = []
    var end = bytes.count
    var lastIsUnknown = false
    while end > 0, let start = best[end].start {
      let isUnknown = best[end].isUnknown
      if isUnknown, lastIsUnknown, unknown.isFused, let last = spans.popLast() {
        spans.append(start..<last.upperBound)
      } else {
        spans.append(start..<end)
      }
      (lastIsUnknown, end) = (isUnknown, start)
    }
    return spans.reversed()
  }

  private static func improve(
    _ step: inout Step, from start: Int, _ score: Double, _ isUnknown: Bool
  ) {
    guard step.start == nil || score > step.score else { return }
    step = Step(score: score, start: start, isUnknown: isUnknown)
  }

  /// How many bytes a character takes that starts with one.
  private static func width(of byte: UInt8) -> Int {
    byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
  }
}

/// Texts by their beginnings.
private struct ByteTrie: Sendable {
  /// The node that follows a node by a byte.
  private var next: [UInt64: Int32] = [:]
  private var tokens: [Int32?] = [nil]

  mutating func insert(_ text: String, _ token: Int32) {
    var node: Int32 = 0
    for byte in text.utf8 {
      let key = UInt64(node) << 8 | UInt64(byte)
      if let known = next[key] {
        node = known
      } else {
        tokens.append(nil)
        node = Int32(tokens.count - 1)
        next[key] = node
      }
    }
    tokens[Int(node)] = token
  }

  /// Hands out the tokens that text from a place on starts with, shortest first, and where they end.
  func forEachPrefix(
    of bytes: [UInt8], from start: Int, _ body: (_ end: Int, _ token: Int32) -> Void
  ) {
    var node: Int32 = 0
    for place in start..<bytes.count {
      guard let found = next[UInt64(node) << 8 | UInt64(bytes[place])] else { return }
      node = found
      if let token = tokens[Int(node)] { body(place + 1, token) }
    }
  }
}
