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
  /// After which tokens the metric reads the logits, ascending; the last one, if nothing else was said.
  public let positions: [Int]
  /// What the part of the prompt that each token belongs to is called; nil when parts have no names.
  public let labels: [String]?

  /// Pairs two prompts of one length.
  ///
  /// - Parameters:
  ///   - clean: The tokens of the original prompt.
  ///   - corrupted: The tokens of the counterfactual prompt, as many.
  ///   - answers: Tokens that are right after the original prompt.
  ///   - wrongAnswers: Tokens that are wrong after it.
  ///   - positions: After which tokens the metric reads the logits, ascending; nil for the last.
  ///   - labels: What the part of the prompt that each token belongs to is called; nil for no names.
  public init(
    clean: [Int32], corrupted: [Int32], answers: [Int32], wrongAnswers: [Int32],
    positions: [Int]? = nil, labels: [String]? = nil
  ) {
    precondition(labels.map { $0.count == clean.count } ?? true, "labels of other tokens")
    self.labels = labels
    let positions = positions ?? [clean.count - 1]
    precondition(
      !positions.isEmpty && zip(positions, positions.dropFirst()).allSatisfy(<)
        && positions.allSatisfy(clean.indices.contains), "positions \(positions) of \(clean.count)")
    self.positions = positions
    precondition(clean.count == corrupted.count && !clean.isEmpty)
    self.clean = clean
    self.corrupted = corrupted
    self.answers = answers
    self.wrongAnswers = wrongAnswers
  }
}
