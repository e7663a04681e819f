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

  /// `dy · f′(x)`.
  package func backward(_ dy: Tensor, x: Tensor) -> Tensor {
    precondition(dy.shape == x.shape)
    return x.making(x.shape) {
      $0.activateBackward($1, dy.address, x.address, self, count: x.count)
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
    _ dy: Tensor, gate: Tensor, up: Tensor
  ) -> (gate: Tensor, up: Tensor) {
    precondition(dy.shape == up.shape && gate.shape == up.shape)
    var dup = Tensor(zeros: up.shape, on: up.device)
    let other = dup.writable()
    let dgate = up.making(up.shape) {
      $0.gatedBackward(
        gate: $1, up: other, dy.address, gate: gate.address, up: up.address, self, count: up.count)
    }
    return (dgate, dup)
  }
}
