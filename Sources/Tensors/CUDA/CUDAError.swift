/// What is wrong with a card, its libraries or what is asked of them, as one sentence for the user.
public struct CUDAError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}
