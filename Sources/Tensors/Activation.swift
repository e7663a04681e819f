/// A non-linearity: of an MLP, or of what is kept within bounds.
public enum Activation: String, Sendable, CaseIterable {
  /// `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`, GPT-2's approximation of GELU.
  case geluTanh
  /// `x/2 · (1 + erf(x/√2))`, the exact GELU.
  case geluErf
  /// `x / (1 + e^−x)`, also called swish.
  case silu
  /// `max(x, 0)`.
  case relu
  /// `tanh(x)`.
  case tanh
  /// `min(max(x, −1), 1)`.
  case hardTanh

  /// `f(x)`.
  package func forward(_ x: Tensor) -> Tensor {
    x.making(x.shape) { $0.activate($1, x.address, self, count: x.count) }
  }

  /// How steep the function counts as when a gradient passes.
  package enum Slope: Sendable {
    /// `f′(x)`.
    case tangent
    /// `f(x) / x`: the line through the origin; 1 where |x| < 1e-6.
    case secant
  }

  /// `dy · f′(x)`, or with another slope.
  package func backward(_ dy: Tensor, x: Tensor, slope: Slope = .tangent) -> Tensor {
    precondition(dy.shape == x.shape)
    return x.making(x.shape) {
      $0.activateBackward($1, dy.address, x.address, self, slope, count: x.count)
    }
  }

  /// The gated product `f(gate) · up`.
  package func gated(_ gate: Tensor, _ up: Tensor) -> Tensor {
    precondition(gate.shape == up.shape)
    return up.making(up.shape) {
      $0.gated($1, gate: gate.address, up: up.address, self, count: up.count)
    }
  }

  /// The gradients of ``gated(_:_:)`` with respect to `gate` and `up`.
  package func gatedBackward(
    _ dy: Tensor, gate: Tensor, up: Tensor, slope: Slope = .tangent
  ) -> (gate: Tensor, up: Tensor) {
    precondition(dy.shape == up.shape && gate.shape == up.shape)
    var dup = Tensor(zeros: up.shape, on: up.device)
    let other = dup.writable()
    let dgate = up.making(up.shape) {
      $0.gatedBackward(
        gate: $1, up: other, dy.address, gate: gate.address, up: up.address, self, slope,
        count: up.count)
    }
    return (dgate, dup)
  }
}

/// Keeps numbers within bounds: `limit · f(x / limit)`.
package struct Bound: Sendable, Equatable {
  package let limit: Float
  private let shape: Activation

  /// `limit · tanh(x / limit)`.
  package static func soft(_ limit: Float) -> Bound { Bound(limit: limit, shape: .tanh) }
  /// `min(max(x, −limit), limit)`.
  package static func hard(_ limit: Float) -> Bound { Bound(limit: limit, shape: .hardTanh) }

  /// The numbers within bounds.
  package func forward(_ x: Tensor) -> Tensor {
    var y = shape.forward(scaled(x))
    y.scale(by: limit)
    return y
  }

  /// The gradient with respect to `x`, by the slope or that of a line through the origin.
  package func backward(_ dy: Tensor, x: Tensor, slope: Activation.Slope) -> Tensor {
    shape.backward(dy, x: scaled(x), slope: slope)
  }

  private func scaled(_ x: Tensor) -> Tensor {
    var scaled = x
    scaled.scale(by: 1 / limit)
    return scaled
  }
}
