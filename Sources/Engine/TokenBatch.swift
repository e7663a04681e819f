/// Several prompts laid one after another, without padding.
///
/// Tensors of a run have a `token` axis that walks through all prompts; attention keeps to each
/// prompt's own tokens. A prompt's results do not depend on the others.
public struct TokenBatch: Sendable, Equatable {
  /// All tokens, prompt after prompt.
  public let tokens: [Int32]
  /// Where each prompt starts among ``tokens``; one more for the end of the last.
  public let starts: [Int32]
  /// Places among ``tokens`` whose logits are read: each prompt's last token, if nothing else was said.
  public let rows: [Int32]

  /// Lays prompts one after another.
  ///
  /// - Parameters:
  ///   - prompts: Token ids; every prompt has at least one.
  ///   - positions: For each prompt, after which of its tokens logits are read, ascending; nil for the last.
  public init(_ prompts: [[Int32]], positions: [[Int]]? = nil) {
    precondition(prompts.allSatisfy { !$0.isEmpty }, "a prompt without tokens")
    tokens = prompts.flatMap(\.self)
    starts = prompts.reduce(into: [0]) { $0.append(($0.last ?? 0) + Int32($1.count)) }
    let starts = starts
    rows =
      positions.map { positions in
        zip(starts, positions).flatMap { start, positions in positions.map { start + Int32($0) } }
      } ?? starts.dropFirst().map { $0 - 1 }
  }

  /// How many prompts there are.
  public var promptCount: Int { starts.count - 1 }
  /// How many tokens the longest prompt has.
  public var longestPrompt: Int { zip(starts, starts.dropFirst()).map { Int($1 - $0) }.max() ?? 0 }
  /// The position of each token inside its prompt.
  public var positions: [Int32] {
    zip(starts, starts.dropFirst()).flatMap { start, end in 0..<(end - start) }
  }
}
