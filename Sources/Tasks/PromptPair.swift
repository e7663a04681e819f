/// A prompt, its counterfactual of the same length, and what should and should not come next.
public struct PromptPair: Sendable, Equatable {
  /// The tokens of the original prompt.
  public let clean: [Int32]
  /// The tokens of the counterfactual prompt, as many as `clean` has.
  public let corrupted: [Int32]
  /// Tokens that are right after the original prompt.
  public let answers: [Int32]
  /// Tokens that are wrong after the original prompt.
  public let wrongAnswers: [Int32]

  /// Pairs two prompts of one length.
  public init(clean: [Int32], corrupted: [Int32], answers: [Int32], wrongAnswers: [Int32]) {
    precondition(clean.count == corrupted.count && !clean.isEmpty)
    self.clean = clean
    self.corrupted = corrupted
    self.answers = answers
    self.wrongAnswers = wrongAnswers
  }
}
