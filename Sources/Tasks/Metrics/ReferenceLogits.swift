public import Tensors

/// The full model's logits, in the forms that metrics compare with.
public struct ReferenceLogits: Sendable {
  /// The logits, `[row, output]`.
  public let logits: Tensor
  /// The log of the probabilities, `[row, output]`.
  public let logProbabilities: Tensor

  /// Takes the full model's logits, `[row, output]`.
  public init(_ logits: Tensor) {
    self.logits = logits
    logProbabilities = logits.logSoftmax()
  }
}
