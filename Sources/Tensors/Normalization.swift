/// Rows of a tensor after a norm, with what its backward needs.
package struct Normalized: Sendable {
  /// The normalised rows, of the input's shape.
  package let output: Tensor
  /// Mean and inverse deviation of each row, `[rows, 2]`.
  package let statistics: Tensor
}

/// How rows are normalised.
public enum NormKind: String, Sendable {
  /// LayerNorm: mean 0 and variance 1.
  case layer = "LayerNorm"
  /// RMSNorm: mean square 1.
  case rootMeanSquare = "RMSNorm"
  /// Rows stay as they are.
  case none
}

/// LayerNorm or RMSNorm over the last axis, or none at all.
///
/// `y = (x − mean) / √(variance + ε) · scale + bias`; RMSNorm takes the mean as 0.
package struct Normalization: Sendable, Equatable {
  package var scale: Tensor
  package var bias: Tensor?
  package let epsilon: Float
  package let kind: NormKind
  /// Whether `1 / √(variance + ε)` counts as a constant when a gradient passes.
  package var holdsDeviation = false

  package init(scale: Tensor, bias: Tensor?, epsilon: Float, kind: NormKind) {
    self.scale = scale
    self.bias = bias
    self.epsilon = epsilon
    self.kind = kind
  }

  /// No norm: rows stay as they are, and there is nothing to learn.
  package static let identity = Normalization(
    scale: Tensor(zeros: [0]), bias: nil, epsilon: 0, kind: .none)

  /// - Parameter x: `[…, columns]`.
  /// - Returns: The normalised rows, of `x`'s shape, and their statistics.
  package func forward(_ x: Tensor) -> Normalized {
    guard kind != .none else {
      return Normalized(output: x, statistics: Tensor(zeros: [x.rowCount, 2], on: x.device))
    }
    precondition(x.columnCount == scale.count, "a norm of \(scale.count) over \(x.shape)")
    var statistics = Tensor(zeros: [x.rowCount, 2], on: x.device)
    let written = statistics.writable()
    let output = x.making(x.shape) {
      $0.norm(
        $1, statistics: written, x.address, self, rows: x.rowCount, columns: x.columnCount)
    }
    return Normalized(output: output, statistics: statistics)
  }

  /// The same norm, whose deviation counts as a constant, or does not, when a gradient passes.
  package func holdingDeviation(_ holds: Bool) -> Normalization {
    var copy = self
    copy.holdsDeviation = holds
    return copy
  }

  /// The gradient with respect to `x`.
  ///
  /// - Parameters:
  ///   - dy: Gradients with respect to the output, `[…, rows, columns]`: one or several for each `x`.
  ///   - x: The input of the forward, `[rows, columns]`.
  ///   - statistics: The statistics that the forward returned.
  /// - Returns: Gradients of `dy`'s shape.
  package func backward(_ dy: Tensor, x: Tensor, statistics: Tensor) -> Tensor {
    guard kind != .none else { return dy }
    return x.making(dy.shape) {
      backward($0, dy.address, to: $1, rows: dy.rowCount, x: x, statistics: statistics)
    }
  }

  /// Turns gradients with respect to the output into such with respect to `x`, in their place.
  ///
  /// - Parameters:
  ///   - blocks: Which blocks of the outermost axis hold gradients.
  ///   - gradients: `[…, rows, columns]`.
  ///   - x: The input of the forward, `[rows, columns]`.
  ///   - statistics: The statistics that the forward returned.
  package func backward(
    inBlocks blocks: Range<Int>, of gradients: inout Tensor, x: Tensor, statistics: Tensor
  ) {
    guard kind != .none else { return }
    let block = gradients.shape.dropFirst().reduce(1, *)
    precondition(blocks.upperBound <= gradients.shape[0], "blocks \(blocks) of \(gradients.shape)")
    let dy = gradients.writable() + blocks.lowerBound * block
    backward(
      x.backend, dy, to: dy, rows: blocks.count * block / x.columnCount, x: x,
      statistics: statistics)
  }

  private func backward(
    _ backend: any Backend, _ dy: Address, to dx: Address, rows: Int, x: Tensor, statistics: Tensor
  ) {
    precondition(
      x.columnCount == scale.count && rows % max(x.rowCount, 1) == 0
        && statistics.rowCount == x.rowCount, "a norm's gradient of \(rows) rows for \(x.shape)")
    backend.normBackward(
      dx, dy, x.address, statistics: statistics.address, self, rows: rows,
      cycle: max(x.rowCount, 1), columns: x.columnCount)
  }

  /// Adds the gradients with respect to scale and bias to `gradient`'s own.
  package func addParameterGradients(
    _ dy: Tensor, x: Tensor, statistics: Tensor, to gradient: inout Normalization
  ) {
    guard kind != .none else { return }
    precondition(
      dy.rowCount == x.rowCount && dy.columnCount == x.columnCount
        && statistics.rowCount == x.rowCount, "a norm's gradient \(dy.shape) for \(x.shape)")
    var dbias = gradient.bias ?? Tensor(zeros: [dy.columnCount], on: dy.device)
    let (scale, bias) = (gradient.scale.writable(), dbias.writable())
    x.backend.normBackwardParameters(
      scale: scale, bias: bias, dy.address, x.address, statistics: statistics.address,
      rows: dy.rowCount, columns: dy.columnCount)
    if gradient.bias != nil { gradient.bias = dbias }
  }
}
