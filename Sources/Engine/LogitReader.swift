import Tensors

/// The last reader: the final norm and the unembedding, forward and backward.
struct LogitReader {
  let norm: Normalization
  let unembedding: Linear

  /// What the backward needs.
  struct Tape {
    let read: Tensor  // [row, dModel]
    let statistics: Tensor  // [row, 2]
  }

  /// - Parameters:
  ///   - read: `[row, dModel]`.
  ///   - outputs: The outputs whose logits are wanted; nil for all.
  /// - Returns: Logits, `[row, output]`, and what the backward needs.
  func forward(_ read: Tensor, of outputs: [Int32]? = nil) -> (logits: Tensor, tape: Tape) {
    let normal = norm.forward(read)
    let linear = outputs.map(unembedding.rows) ?? unembedding
    return (linear.forward(normal.output), Tape(read: read, statistics: normal.statistics))
  }

  /// The gradients at the normalised read and at the read, `[row, dModel]`, from that at all logits.
  func backward(_ dlogits: Tensor, _ tape: Tape) -> (normal: Tensor, read: Tensor) {
    let dnormal = unembedding.backward(dlogits)
    return (dnormal, norm.backward(dnormal, x: tape.read, statistics: tape.statistics))
  }

  /// Adds the gradients of norm and unembedding to those so far.
  func addGradients(
    _ dlogits: Tensor, normal dnormal: Tensor, _ tape: Tape, to sum: inout TransformerWeights
  ) {
    unembedding.addGradients(dlogits, x: norm.forward(tape.read).output, to: &sum.unembedding)
    norm.addParameterGradients(
      dnormal, x: tape.read, statistics: tape.statistics, to: &sum.finalNorm)
  }
}
