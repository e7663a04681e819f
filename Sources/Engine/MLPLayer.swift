import Tensors

/// The MLP of one layer: all that it does with its read, forward and backward.
struct MLPLayer {
  let norm: Normalization
  let weights: MLPWeights
  let activation: Activation
  let rules: BackwardRules

  /// What the backward needs: the read, and the values before the non-linearity.
  struct Tape {
    let read: Tensor  // [token, dModel]
    let statistics: Tensor  // [token, 2]
    let gate: Tensor?  // [token, dMLP]
    let up: Tensor  // [token, dMLP]
  }

  /// Gradients inside of the MLP and at its read.
  struct Gradients {
    let gate: Tensor?  // [token, dMLP]
    let up: Tensor  // [token, dMLP]
    let normal: Tensor  // [token, dModel], at the normalised read
    let read: Tensor  // [token, dModel]
  }

  /// - Parameter read: `[token, dModel]`.
  /// - Returns: The write, `[token, dModel]`, and what the backward needs.
  func forward(_ read: Tensor) -> (write: Tensor, tape: Tape) {
    let normal = norm.forward(read)
    let tape = Tape(
      read: read, statistics: normal.statistics, gate: weights.gate?.forward(normal.output),
      up: weights.up.forward(normal.output))
    return (weights.down.forward(hidden(tape)), tape)
  }

  private func hidden(_ tape: Tape) -> Tensor {
    tape.gate.map { activation.gated($0, tape.up) } ?? activation.forward(tape.up)
  }

  /// The gradients of a forward, from that at the write, `[token, dModel]`.
  func backward(_ dwrite: Tensor, _ tape: Tape) -> Gradients {
    var dhidden = weights.down.backward(dwrite)
    if rules.halvesGates, tape.gate != nil { dhidden.scale(by: 0.5) }
    let (dgate, dup): (Tensor?, Tensor)
    if let gate = tape.gate {
      (dgate, dup) = activation.gatedBackward(
        dhidden, gate: gate, up: tape.up, slope: rules.slope)
    } else {
      (dgate, dup) = (nil, activation.backward(dhidden, x: tape.up, slope: rules.slope))
    }
    var dnormal = weights.up.backward(dup)
    if let gate = weights.gate, let dgate { dnormal.add(gate.backward(dgate)) }
    return Gradients(
      gate: dgate, up: dup, normal: dnormal,
      read: norm.backward(dnormal, x: tape.read, statistics: tape.statistics))
  }

  /// Adds the gradients of the weights to those so far.
  func addGradients(
    _ dwrite: Tensor, _ gradients: Gradients, _ tape: Tape, to sum: inout BlockWeights
  ) {
    let normal = norm.forward(tape.read).output
    weights.down.addGradients(dwrite, x: hidden(tape), to: &sum.mlp.down)
    weights.up.addGradients(gradients.up, x: normal, to: &sum.mlp.up)
    if let gate = weights.gate, let dgate = gradients.gate, var gateSum = sum.mlp.gate.take() {
      gate.addGradients(dgate, x: normal, to: &gateSum)
      sum.mlp.gate = gateSum
    }
    norm.addParameterGradients(
      gradients.normal, x: tape.read, statistics: tape.statistics, to: &sum.mlpNorm)
  }
}
