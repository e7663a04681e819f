import Synchronization
public import Tensors

/// The full model's logits, in the forms that metrics compare with.
public final class ReferenceLogits: Sendable {
  /// The logits, `[row, output]`.
  public let logits: Tensor
  private let known = Mutex<Tensor?>(nil)

  /// Takes the full model's logits, `[row, output]`.
  public init(_ logits: Tensor) { self.logits = logits }

  /// The log of the probabilities, `[row, output]`: made at their first use, since few metrics need them.
  public var logProbabilities: Tensor {
    known.withLock { known in
      let logProbabilities = known ?? logits.logSoftmax()
      known = logProbabilities
      return logProbabilities
    }
  }
}
