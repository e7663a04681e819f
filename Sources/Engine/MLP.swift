import Tensors

/// What an MLP's backward needs of its forward: the values before the non-linearity.
struct MLPTape {
  let gate: Tensor?  // [token, dMLP]
  let up: Tensor  // [token, dMLP]
}

/// Gradients inside of an MLP and at its normalised read.
struct MLPGradients {
  let gate: Tensor?  // [token, dMLP]
  let up: Tensor  // [token, dMLP]
  let read: Tensor  // [token, dModel]
}

extension MLPWeights {
  /// - Parameters:
  ///   - x: The normalised read, `[token, dModel]`.
  ///   - activation: The non-linearity.
  /// - Returns: The write, `[token, dModel]`, and what the backward needs.
  func forward(_ x: Tensor, _ activation: Activation) -> (write: Tensor, tape: MLPTape) {
    let tape = MLPTape(gate: gate?.forward(x), up: up.forward(x))
    return (down.forward(hidden(tape, activation)), tape)
  }

  private func hidden(_ tape: MLPTape, _ activation: Activation) -> Tensor {
    tape.gate.map { activation.gated($0, tape.up) } ?? activation.forward(tape.up)
  }

  /// - Parameters:
  ///   - dwrite: The gradient with respect to the write, `[token, dModel]`.
  ///   - tape: What the forward returned.
  ///   - activation: The non-linearity.
  /// - Returns: The gradients before the non-linearity and at the normalised read.
  func backward(_ dwrite: Tensor, _ tape: MLPTape, _ activation: Activation) -> MLPGradients {
    let dhidden = down.backward(dwrite)
    guard let gate, let gateValues = tape.gate else {
      let dup = activation.backward(dhidden, x: tape.up)
      return MLPGradients(gate: nil, up: dup, read: up.backward(dup))
    }
    let (dgate, dup) = activation.gatedBackward(dhidden, gate: gateValues, up: tape.up)
    var dread = up.backward(dup)
    dread.add(gate.backward(dgate))
    return MLPGradients(gate: dgate, up: dup, read: dread)
  }

  /// Adds the gradients of the weights to `sum`.
  ///
  /// - Parameters:
  ///   - dwrite: The gradient with respect to the write.
  ///   - gradients: What ``backward(_:_:_:)`` returned for it.
  ///   - x: The normalised read.
  ///   - tape: What the forward returned.
  ///   - activation: The non-linearity.
  ///   - sum: Gradients so far.
  func addGradients(
    _ dwrite: Tensor, _ gradients: MLPGradients, x: Tensor, _ tape: MLPTape,
    _ activation: Activation, to sum: inout MLPWeights
  ) {
    down.addGradients(dwrite, x: hidden(tape, activation), to: &sum.down)
    up.addGradients(gradients.up, x: x, to: &sum.up)
    if let gate, let dgate = gradients.gate, var gateSum = sum.gate {
      gate.addGradients(dgate, x: x, to: &gateSum)
      sum.gate = gateSum
    }
  }
}
