import Tensors

/// The MLP of one layer: all that it does with its read, forward and backward.
struct MLPLayer {
  let norm: Normalization
  let weights: MLPWeights
  /// The norm of what the matrices write.
  let outputNorm: Normalization?
  /// What it writes is multiplied by.
  let residualScale: Float
  let activation: Activation
  let rules: BackwardRules

  /// What the backward needs: the read, and the values before the non-linearity.
  struct Tape {
    let read: Tensor  // [token, dModel]
    let statistics: Tensor  // [token, 2]
    let gate: Tensor?  // [token, dMLP]
    let up: Tensor  // [token, dMLP]
    fileprivate(set) var output: Output?
  }

  /// What the backward of the norm after the matrices needs.
  struct Output {
    let sum: Tensor  // [token, dModel]
    let statistics: Tensor  // [token, 2]
  }

  /// Gradients inside of the MLP and at its read.
  struct Gradients {
    let gate: Tensor?  // [token, dMLP]
    let up: Tensor  // [token, dMLP]
    let down: Tensor  // [token, dModel], at what the matrices write
    let normal: Tensor  // [token, dModel], at the normalised read
    let read: Tensor  // [token, dModel]
  }

  /// - Parameter read: `[token, dModel]`.
  /// - Returns: The write, `[token, dModel]`, and what the backward needs.
  func forward(_ read: Tensor) -> (write: Tensor, tape: Tape) {
    let normal = norm.forward(read)
    var tape = Tape(
      read: read, statistics: normal.statistics, gate: weights.gate?.forward(normal.output),
      up: weights.up.forward(normal.output))
    var write = weights.down.forward(hidden(tape))
    if residualScale != 1 { write.scale(by: residualScale) }
    guard let outputNorm else { return (write, tape) }
    let normalised = outputNorm.forward(write)
    tape.output = Output(sum: write, statistics: normalised.statistics)
    return (normalised.output, tape)
  }

  private func hidden(_ tape: Tape) -> Tensor {
    tape.gate.map { activation.gated($0, tape.up) } ?? activation.forward(tape.up)
  }

  /// The gradients of a forward, from that at the write, `[token, dModel]`.
  func backward(_ dwrite: Tensor, _ tape: Tape) -> Gradients {
    var down = dwrite
    if let outputNorm, let output = tape.output {
      down = outputNorm.backward(dwrite, x: output.sum, statistics: output.statistics)
    }
    if residualScale != 1 { down.scale(by: residualScale) }
    var dhidden = weights.down.backward(down)
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
      gate: dgate, up: dup, down: down, normal: dnormal,
      read: norm.backward(dnormal, x: tape.read, statistics: tape.statistics))
  }

  /// Adds the gradients of the weights to those so far.
  func addGradients(
    _ dwrite: Tensor, _ gradients: Gradients, _ tape: Tape, to sum: inout BlockWeights
  ) {
    let normal = norm.forward(tape.read).output
    if let output = tape.output, let outputNorm, var own = sum.mlpOutputNorm.take() {
      outputNorm.addParameterGradients(
        dwrite, x: output.sum, statistics: output.statistics, to: &own)
      sum.mlpOutputNorm = own
    }
    weights.down.addGradients(gradients.down, x: hidden(tape), to: &sum.mlp.down)
    weights.up.addGradients(gradients.up, x: normal, to: &sum.mlp.up)
    if let gate = weights.gate, let dgate = gradients.gate, var gateSum = sum.mlp.gate.take() {
      gate.addGradients(dgate, x: normal, to: &gateSum)
      sum.mlp.gate = gateSum
    }
    norm.addParameterGradients(
      gradients.normal, x: tape.read, statistics: tape.statistics, to: &sum.mlpNorm)
  }
}
