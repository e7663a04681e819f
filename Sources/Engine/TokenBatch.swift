/// Several prompts laid one after another, without padding.
///
/// Tensors of a run have a `token` axis that walks through all prompts; attention keeps to each
/// prompt's own tokens. A prompt's results do not depend on the others. A batch may hold the ends of prompts only,
/// when the values of the tokens before are at hand.
public struct TokenBatch: Sendable, Equatable {
  /// All tokens, prompt after prompt.
  public let tokens: [Int32]
  /// Where each prompt starts among ``tokens``; one more for the end of the last.
  public let starts: [Int32]
  /// Places among ``tokens`` whose logits are read: each prompt's last token, if nothing else was said.
  public let rows: [Int32]
  /// How many tokens each prompt has before the first that is here.
  package let cachedCounts: [Int32]

  /// Lays prompts one after another.
  ///
  /// - Parameters:
  ///   - prompts: Token ids; every prompt has at least one.
  ///   - positions: For each prompt, after which of its tokens logits are read, ascending; nil for the last.
  public init(_ prompts: [[Int32]], positions: [[Int]]? = nil) {
    self.init(prompts, positions: positions, cachedCounts: prompts.map { _ in 0 })
  }

  /// Lays the ends of prompts one after another.
  ///
  /// - Parameters:
  ///   - prompts: Token ids of whole prompts.
  ///   - positions: For each prompt, after which of its tokens logits are read, ascending; nil for the last.
  ///   - cachedCounts: How many of each prompt's first tokens are left out: fewer than come before the first
  ///     whose logits are read.
  package init(_ prompts: [[Int32]], positions: [[Int]]?, cachedCounts: [Int]) {
    precondition(
      zip(prompts, cachedCounts).allSatisfy { $0.count > $1 }, "a prompt without tokens")
    let ends = zip(prompts, cachedCounts).map { $0.dropFirst($1) }
    let starts = ends.reduce(into: [0]) { $0.append(($0.last ?? 0) + Int32($1.count)) }
    tokens = ends.flatMap(\.self)
    rows = ends.indices.flatMap { prompt in
      (positions?[prompt] ?? [prompts[prompt].count - 1]).map {
        starts[prompt] + Int32($0 - cachedCounts[prompt])
      }
    }
    self.starts = starts
    self.cachedCounts = cachedCounts.map(Int32.init)
  }

  /// Some consecutive tokens of a batch of one prompt, as a batch that goes on where they start.
  ///
  /// - Parameter tokens: Places among ``tokens``.
  /// - Returns: Those tokens, and the rows among them, of which there may be none.
  func piece(_ tokens: Range<Int>) -> TokenBatch {
    precondition(promptCount == 1, "a piece of \(promptCount) prompts")
    return TokenBatch(
      tokens: Array(self.tokens[tokens]), starts: [0, Int32(tokens.count)],
      rows: rows.filter { tokens.contains(Int($0)) }.map { $0 - Int32(tokens.lowerBound) },
      cachedCounts: [cachedCounts[0] + Int32(tokens.lowerBound)])
  }

  private init(tokens: [Int32], starts: [Int32], rows: [Int32], cachedCounts: [Int32]) {
    self.tokens = tokens
    self.starts = starts
    self.rows = rows
    self.cachedCounts = cachedCounts
  }

  /// How many prompts there are.
  public var promptCount: Int { starts.count - 1 }
  /// The tokens of each prompt, as places among ``tokens``.
  public var prompts: [Range<Int>] {
    zip(starts, starts.dropFirst()).map { Int($0)..<Int($1) }
  }
  /// The position of each token inside its prompt.
  public var positions: [Int32] {
    zip(prompts, cachedCounts).flatMap { prompt, cached in cached..<(cached + Int32(prompt.count)) }
  }
}
