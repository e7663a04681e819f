import Tensors

/// The last reader: the final norm and the unembedding, forward and backward.
struct LogitReader {
  let norm: Normalization
  let unembedding: Linear
  /// What logits are multiplied by.
  let scale: Float
  /// How they are then kept within bounds.
  let cap: Bound?
  /// How steep the bounds count as.
  let slope: Activation.Slope

  /// What the backward needs.
  struct Tape {
    let read: Tensor  // [row, dModel]
    let statistics: Tensor  // [row, 2]
    let uncapped: Tensor?  // [row, output]
  }

  /// - Parameters:
  ///   - read: `[row, dModel]`.
  ///   - outputs: The outputs whose logits are wanted; nil for all.
  /// - Returns: Logits, `[row, output]`, and what the backward needs.
  func forward(_ read: Tensor, of outputs: [Int32]? = nil) -> (logits: Tensor, tape: Tape) {
    let normal = norm.forward(read)
    let linear = outputs.map(unembedding.rows) ?? unembedding
    var logits = linear.forward(normal.output)
    if scale != 1 { logits.scale(by: scale) }
    return (
      cap?.forward(logits) ?? logits,
      Tape(read: read, statistics: normal.statistics, uncapped: cap == nil ? nil : logits)
    )
  }

  /// The gradient at what the unembedding gives, from that at all logits.
  private func unscaled(_ dlogits: Tensor, _ tape: Tape) -> Tensor {
    var gradient = dlogits
    if let cap, let uncapped = tape.uncapped {
      gradient = cap.backward(dlogits, x: uncapped, slope: slope)
    }
    if scale != 1 { gradient.scale(by: scale) }
    return gradient
  }

  /// The gradients at the normalised read and at the read, `[row, dModel]`, from that at all logits.
  func backward(_ dlogits: Tensor, _ tape: Tape) -> (normal: Tensor, read: Tensor) {
    let dnormal = unembedding.backward(unscaled(dlogits, tape))
    return (dnormal, norm.backward(dnormal, x: tape.read, statistics: tape.statistics))
  }

  /// Adds the gradients of norm and unembedding to those so far.
  func addGradients(
    _ dlogits: Tensor, normal dnormal: Tensor, _ tape: Tape, to sum: inout TransformerWeights
  ) {
    unembedding.addGradients(
      unscaled(dlogits, tape), x: norm.forward(tape.read).output, to: &sum.unembedding)
    norm.addParameterGradients(
      dnormal, x: tape.read, statistics: tape.statistics, to: &sum.finalNorm)
  }
}
