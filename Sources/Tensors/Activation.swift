internal import CKernels

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

  private var kind: ek_activation {
    switch self {
    case .geluTanh: ek_gelu_tanh
    case .geluErf: ek_gelu_erf
    case .silu: ek_silu
    case .relu: ek_relu
    }
  }

  /// `f(x)`.
  package func forward(_ x: Tensor) -> Tensor {
    unsafe Tensor(shape: x.shape) { out in unsafe ek_activate(out, x.elements, kind, Int64(x.count))
    }
  }

  /// `dy · f′(x)`.
  package func backward(_ dy: Tensor, x: Tensor) -> Tensor {
    precondition(dy.shape == x.shape)
    return unsafe Tensor(shape: x.shape) { out in
      unsafe ek_activate_backward(out, dy.elements, x.elements, kind, Int64(x.count))
    }
  }

  /// The gated product `f(gate) · up`.
  package func gated(_ gate: Tensor, _ up: Tensor) -> Tensor {
    precondition(gate.shape == up.shape)
    return unsafe Tensor(shape: up.shape) { out in
      unsafe ek_gated(out, gate.elements, up.elements, kind, Int64(up.count))
    }
  }

  /// The gradients of ``gated(_:_:)`` with respect to `gate` and `up`.
  package func gatedBackward(
    _ dy: Tensor, gate: Tensor, up: Tensor
  ) -> (gate: Tensor, up: Tensor) {
    precondition(dy.shape == up.shape && gate.shape == up.shape)
    var dup = Tensor(zeros: up.shape)
    let dgate = unsafe Tensor(shape: up.shape) { out in
      unsafe ek_gated_backward(
        out, &dup.elements, dy.elements, gate.elements, up.elements, kind, Int64(up.count))
    }
    return (dgate, dup)
  }
}
