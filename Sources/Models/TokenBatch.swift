/// Several prompts laid one after another, without padding.
///
/// Tensors of a run have a `token` axis that walks through all prompts; attention keeps to each
/// prompt's own tokens. A prompt's results do not depend on the others.
public struct TokenBatch: Sendable, Equatable {
  /// All tokens, prompt after prompt.
  public let tokens: [Int32]
  /// Where each prompt starts among ``tokens``; one more for the end of the last.
  public let starts: [Int32]

  /// Lays prompts one after another.
  ///
  /// - Parameter prompts: Token ids; every prompt has at least one.
  public init(_ prompts: [[Int32]]) {
    precondition(prompts.allSatisfy { !$0.isEmpty }, "a prompt without tokens")
    tokens = prompts.flatMap(\.self)
    starts = prompts.reduce(into: [0]) { $0.append(($0.last ?? 0) + Int32($1.count)) }
  }

  /// How many prompts there are.
  public var promptCount: Int { starts.count - 1 }
  /// How many tokens the longest prompt has.
  public var longestPrompt: Int { zip(starts, starts.dropFirst()).map { Int($1 - $0) }.max() ?? 0 }
  /// The position of each token inside its prompt.
  public var positions: [Int32] {
    zip(starts, starts.dropFirst()).flatMap { start, end in 0..<(end - start) }
  }
  /// The place of each prompt's last token among ``tokens``.
  public var lastTokens: [Int32] { starts.dropFirst().map { $0 - 1 } }
}
