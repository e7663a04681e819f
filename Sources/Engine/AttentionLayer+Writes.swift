import Graphs
import Tensors

// From heads' outputs to what they write, and the backward of it.
//
// Without a norm after the attention, head h writes z_h W_h, where W_h is its part of the output matrix. With one,
// heads share its output: head h writes s · (z_h W_h) ⊙ g, where s is the inverse deviation of Σ_h z_h W_h, which is
// the run's own, and g the norm's scale. What matrices write from is then s · z: kept in place of z, it makes writes
// with the matrices and g alone.

extension AttentionLayer {
  /// The outputs of all heads, as output matrices write from them.
  struct Outputs {
    let written: Tensor  // [token, head · dHead]
    let norm: NormTape?
  }

  /// What the backward of the norm after the attention needs.
  struct NormTape {
    let z: Tensor  // [token, head · dHead]
    let sum: Tensor  // [token, dModel], of what all heads would write without the norm
    let statistics: Tensor  // [token, 2]
  }

  /// What output matrices write from, from the outputs of all heads.
  func outputs(_ z: Tensor) -> Outputs {
    guard let outputNorm else { return Outputs(written: z, norm: nil) }
    let sum = weights.output.forward(z)
    let statistics = outputNorm.forward(sum).statistics
    var written = z
    written.scale(byDeviations: statistics)
    return Outputs(written: written, norm: NormTape(z: z, sum: sum, statistics: statistics))
  }

  /// What all heads write together, with the bias that belongs to none of them, `[token, dModel]`.
  func write(_ outputs: Outputs) -> Tensor {
    guard let outputNorm, let tape = outputs.norm else { return write(outputs.written) }
    return outputNorm.forward(tape.sum).output
  }

  /// What all heads write together, from what output matrices write from, `[token, head · dHead]`.
  func write(_ written: Tensor) -> Tensor { scaled(weights.output.forward(written)) }

  /// What one head writes, `[token, dModel]`.
  ///
  /// - Parameters:
  ///   - written: `[token, place · dHead]`, of all heads or of some.
  ///   - place: The head's place among those.
  ///   - head: The head.
  /// - Returns: The write, without the bias that belongs to no head.
  func write(_ written: Tensor, at place: Int, head: Int) -> Tensor {
    scaled(
      .product(
        written.matrix.columns(columns(place)),
        weights.output.weight.matrix.columns(columns(head)).transposed))
  }

  /// What some heads write together without the bias, `[token, dModel]`; `written` is of those heads only.
  func write(_ written: Tensor, heads: [Int]) -> Tensor {
    scaled(
      .product(
        written.matrix,
        weights.output.weight.gatherColumnBlocks(heads, width: dHead).matrix.transposed))
  }

  /// The products that are the heads' writes but for ``outputScale``, each into its block of `[head, token, dModel]`.
  func writes(_ written: Matrix, into target: MatrixLayout) -> [MatrixProduct] {
    (0..<headCount).map { head in
      MatrixProduct(
        written.columns(columns(head)),
        weights.output.weight.matrix.columns(columns(head)).transposed,
        into: target.rows((head * written.rowCount)..<((head + 1) * written.rowCount)))
    }
  }

  /// What the columns of writes are multiplied by after the output matrix, `[dModel]`; nil for nothing.
  var outputScale: Tensor? { outputNorm?.scale }

  private func scaled(_ write: Tensor) -> Tensor {
    var write = write
    write.scale(columnsBy: outputScale)
    return write
  }

  // Backward ------------------------------------------------------------------------------------

  /// The gradient at the outputs of all heads, from that at what they write together.
  func backward(write dwrite: Tensor, _ tape: NormTape?) -> Tensor {
    guard let outputNorm, let tape else { return weights.output.backward(dwrite) }
    return weights.output.backward(
      outputNorm.backward(dwrite, x: tape.sum, statistics: tape.statistics))
  }

  /// The gradient at what output matrices write from, from that at each head's own write, `[head, token, dModel]`.
  func backward(writes dwrites: Tensor) -> Tensor {
    let (dwrites, output) = (scaled(dwrites).matrix, weights.output.weight.matrix)
    let shape = [dwrites.rowCount / headCount, headCount * dHead]
    let target = MatrixLayout(
      offset: 0, rowCount: shape[0], columnCount: shape[1], stride: shape[1])
    return .products(
      shape: shape,
      (0..<headCount).map { head in
        MatrixProduct(
          dwrites.rows((head * shape[0])..<((head + 1) * shape[0])), output.columns(columns(head)),
          into: target.columns(columns(head)))
      })
  }

  /// The gradient at the outputs of all heads, from that at what output matrices write from.
  ///
  /// With D for the latter, `s (D − ⟨D, s z⟩ / dModel · (s Σ_h z_h W_h) Wᵀ)` for each token, without the second term
  /// where the deviation is held constant.
  func backward(written dwritten: Tensor, _ outputs: Outputs) -> Tensor {
    guard let outputNorm, let tape = outputs.norm else { return dwritten }
    var dz = dwritten
    if !outputNorm.holdsDeviation {
      dz.addProjections(
        on: weights.output.backward(tape.direction), dwritten, outputs.written,
        scale: -1 / Float(tape.sum.columnCount))
    }
    dz.scale(byDeviations: tape.statistics)
    return dz
  }

  /// Adds the gradients of the output matrix and of the norm's scale, from those at each head's own write.
  func addGradients(writes dwrites: Tensor, written: Tensor, to sum: inout BlockWeights) {
    let (matrix, target) = (scaled(dwrites).matrix, sum.attention.output.weight.layout)
    let rows = written.rowCount
    sum.attention.output.weight.add(
      (0..<headCount).map { head in
        MatrixProduct(
          matrix.rows((head * rows)..<((head + 1) * rows)).transposed,
          written.matrix.columns(columns(head)), into: target.columns(columns(head)))
      })
    guard outputNorm != nil else { return }
    let flat = dwrites.reshaped([headCount * rows, dwrites.columnCount])
    let unscaled = Tensor.products(shape: flat.shape, writes(written.matrix, into: flat.layout))
    sum.attentionOutputNorm?.scale.add(unscaled.columnProducts(flat))
  }

  /// Adds the gradient of the output matrix that comes through the deviation of what it makes.
  func addGradients(written dwritten: Tensor, _ outputs: Outputs, to sum: inout Linear) {
    guard let outputNorm, let tape = outputs.norm, !outputNorm.holdsDeviation else { return }
    var dsum = Tensor(zeros: tape.sum.shape, on: tape.sum.device)
    dsum.addProjections(
      on: tape.direction, dwritten, outputs.written, scale: -1 / Float(tape.sum.columnCount))
    dsum.scale(byDeviations: tape.statistics)
    let target = sum.weight.layout
    sum.weight.add([MatrixProduct(dsum.matrix.transposed, tape.z.matrix, into: target)])
  }
}

extension AttentionLayer.NormTape {
  /// The sum divided by its deviation.
  fileprivate var direction: Tensor {
    var direction = sum
    direction.scale(byDeviations: statistics)
    return direction
  }
}
