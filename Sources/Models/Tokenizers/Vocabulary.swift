/// Tokens by their texts, which are compared byte for byte.
///
/// A `String` as a key would be brought into Unicode's normal form each time it is looked up; texts that only look alike
/// are different tokens, too.
struct Vocabulary: Sendable {
  private struct Spelling: Hashable {
    let text: String

    static func == (left: Spelling, right: Spelling) -> Bool {
      left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
      var word: UInt64 = 0
      var count = 0
      for byte in text.utf8 {
        word = word << 8 | UInt64(byte)
        count += 1
        if count % 7 == 0 {
          hasher.combine(word)
          word = 0
        }
      }
      // Seven bytes at most are left, so that most texts take one step.
      hasher.combine(word << 8 | UInt64(count & 0xFF))
    }
  }

  private var tokens: [Spelling: Int32]

  /// - Parameter capacity: For how many tokens memory is taken at once.
  init(capacity: Int = 0) { tokens = Dictionary(minimumCapacity: capacity) }

  /// The token of a text.
  subscript(text: String) -> Int32? {
    get { tokens[Spelling(text: text)] }
    set { tokens[Spelling(text: text)] = newValue }
  }

  /// The text of each token.
  ///
  /// - Throws: ``TokenizerProblem`` when a number is negative or another's: of all such tokens, the first by name.
  func texts() throws(TokenizerProblem) -> [Int32: String] {
    var texts = [Int32: String](minimumCapacity: tokens.count)
    for (spelling, token) in tokens {
      guard token >= 0, texts.updateValue(spelling.text, forKey: token) == nil else {
        throw firstBadToken()
      }
    }
    return texts
  }

  private func firstBadToken() -> TokenizerProblem {
    var seen: Set<Int32> = []
    let sorted = tokens.sorted { $0.key.text < $1.key.text }
    let bad = sorted.first { $1 < 0 || !seen.insert($1).inserted }
    return bad.map { .badToken($0.text, $1) } ?? .noBytes
  }
}
