public import Tensors

/// The full model's logits, in the forms that metrics compare with.
public struct ReferenceLogits: Sendable {
  /// The logits, `[row, output]`.
  public let logits: Tensor
  private let made: Lazy<Tensor>

  /// Takes the full model's logits, `[row, output]`.
  public init(_ logits: Tensor) {
    self.logits = logits
    made = Lazy { logits.logSoftmax() }
  }

  /// The log of the probabilities, `[row, output]`: made at their first use, since few metrics need them.
  public var logProbabilities: Tensor { made.value }
}
