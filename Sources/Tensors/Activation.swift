/// The non-linearity of an MLP.
public enum Activation: String, Sendable, CaseIterable {
  /// `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`, GPT-2's approximation of GELU.
  case geluTanh
  /// `x/2 · (1 + erf(x/√2))`, the exact GELU.
  case geluErf
  /// `x / (1 + e^−x)`, also called swish.
  case silu
  /// `max(x, 0)`.
  case relu

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
