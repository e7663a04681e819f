/// What keeps an experiment from being run, in one sentence for the user.
public struct ExperimentError: Error, CustomStringConvertible {
  /// The sentence: what was expected, what was found, where, and what to do.
  public let description: String

  /// Takes the sentence.
  public init(_ description: String) { self.description = description }
}
