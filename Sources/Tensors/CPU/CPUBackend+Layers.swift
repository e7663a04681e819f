internal import CKernels

// Norms and activations -----------------------------------------------------------------------

extension CPUBackend {
  func norm(
    _ y: Address, statistics: Address, _ x: Address, _ norm: Normalization, rows: Int, columns: Int
  ) {
    unsafe ek_norm_forward(
      y.floats, statistics.floats, x.floats, norm.scale.address.floats, norm.bias?.address.floats,
      norm.epsilon, norm.kind == .layer, Int64(rows), Int64(columns))
  }

  func normBackward(
    _ dx: Address, _ dy: Address, _ x: Address, statistics: Address, _ norm: Normalization,
    rows: Int, cycle: Int, columns: Int
  ) {
    unsafe ek_norm_backward(
      dx.floats, dy.floats, x.floats, statistics.floats, norm.scale.address.floats,
      norm.kind == .layer, norm.holdsDeviation, Int64(rows), Int64(cycle), Int64(columns))
  }

  func normBackwardParameters(
    scale: Address, bias: Address, _ dy: Address, _ x: Address, statistics: Address, rows: Int,
    columns: Int
  ) {
    unsafe ek_norm_backward_parameters(
      scale.floats, bias.floats, dy.floats, x.floats, statistics.floats, Int64(rows),
      Int64(columns))
  }

  func activate(_ y: Address, _ x: Address, _ kind: Activation, count: Int) {
    unsafe ek_activate(y.floats, x.floats, kind.kernelKind, Int64(count))
  }

  func activateBackward(
    _ dx: Address, _ dy: Address, _ x: Address, _ kind: Activation, _ slope: Activation.Slope,
    count: Int
  ) {
    unsafe ek_activate_backward(
      dx.floats, dy.floats, x.floats, kind.kernelKind, slope == .secant, Int64(count))
  }

  func gated(_ y: Address, gate: Address, up: Address, _ kind: Activation, count: Int) {
    unsafe ek_gated(y.floats, gate.floats, up.floats, kind.kernelKind, Int64(count))
  }

  func gatedBackward(
    gate dgate: Address, up dup: Address, _ dy: Address, gate: Address, up: Address,
    _ kind: Activation, _ slope: Activation.Slope, count: Int
  ) {
    unsafe ek_gated_backward(
      dgate.floats, dup.floats, dy.floats, gate.floats, up.floats, kind.kernelKind,
      slope == .secant, Int64(count))
  }
}

extension Activation {
  fileprivate var kernelKind: ek_activation {
    switch self {
    case .geluTanh: ek_gelu_tanh
    case .geluErf: ek_gelu_erf
    case .silu: ek_silu
    case .relu: ek_relu
    case .tanh: ek_plain_tanh
    case .hardTanh: ek_hard_tanh
    }
  }
}

// Softmax and losses --------------------------------------------------------------------------

extension CPUBackend {
  func softmax(_ y: Address, _ x: Address, valid: [Int32], columns: Int) {
    unsafe ek_softmax(y.floats, x.floats, valid, Int64(valid.count), Int64(columns))
  }

  func softmaxBackward(_ dx: Address, _ dy: Address, _ y: Address, rows: Int, columns: Int) {
    unsafe ek_softmax_backward(dx.floats, dy.floats, y.floats, Int64(rows), Int64(columns))
  }

  func logSoftmax(_ y: Address, _ x: Address, rows: Int, columns: Int) {
    unsafe ek_log_softmax(y.floats, x.floats, Int64(rows), Int64(columns))
  }

  func crossEntropy(_ dx: Address, _ x: Address, targets: [Int32], columns: Int) -> [Double] {
    var losses = [Double](repeating: 0, count: targets.count)
    unsafe ek_cross_entropy(
      &losses, dx.floats, x.floats, targets, Int64(targets.count), Int64(columns))
    return losses
  }

  func divergence(
    _ kind: Tensor.Divergence, _ dx: Address?, _ x: Address, reference: Address, rows: Int,
    references: Int, columns: Int
  ) -> [Double] {
    var losses = [Double](repeating: 0, count: rows)
    unsafe ek_divergence(
      kind.kernelKind, &losses, dx?.floats, x.floats, reference.floats, Int64(rows),
      Int64(references), Int64(columns))
    return losses
  }
}

extension Tensor.Divergence {
  fileprivate var kernelKind: ek_divergence_kind {
    switch self {
    case .kl: EK_KL
    case .reverseKL: EK_REVERSE_KL
    case .jensenShannon: EK_JS
    }
  }
}

// Attention -----------------------------------------------------------------------------------

extension CPUBackend {
  func rotate(
    _ x: Address, _ rotary: Rotary, positions: [Int32], heads: Int, width: Int, inverse: Bool
  ) {
    unsafe ek_rotary(
      x.floats, rotary.cosines.address.floats, rotary.sines.address.floats, positions,
      Int64(positions.count), Int64(heads), Int64(width), Int64(2 * rotary.cosines.columnCount),
      inverse)
  }

  func attend(_ z: Address, _ inputs: AttentionOperands, _ attention: PromptAttention) {
    unsafe attention.withPrompts { prompts in
      unsafe ek_attention(
        z.floats, inputs.q.floats, inputs.k.floats, inputs.v.floats, prompts,
        Int64(attention.headCount), Int64(attention.keyValueHeadCount), Int64(inputs.width),
        attention.scoring)
    }
  }

  func attendBackward(
    _ dq: Address, _ dk: Address, _ dv: Address, _ dz: Address, _ inputs: AttentionOperands,
    _ attention: PromptAttention, _ rule: PatternRule, _ slope: Activation.Slope
  ) {
    unsafe attention.withPrompts { prompts in
      unsafe ek_attention_backward(
        dq.floats, dk.floats, dv.floats, dz.floats, inputs.q.floats, inputs.k.floats,
        inputs.v.floats, prompts, Int64(attention.headCount), Int64(attention.keyValueHeadCount),
        Int64(inputs.width), attention.scoring, rule.kernelRule, rule.temperature,
        slope == .secant)
    }
  }
}

extension PatternRule {
  fileprivate var kernelRule: ek_pattern_rule {
    switch self {
    case .exact: EK_PATTERN_EXACT
    case .constant: EK_PATTERN_CONSTANT
    case .softened: EK_PATTERN_SOFTENED
    case .relevance: EK_PATTERN_RELEVANCE
    }
  }
}

extension PromptAttention {
  fileprivate var scoring: ek_scoring {
    ek_scoring(scale: scale, cap: cap ?? 0, causal: isCausal, window: Int64(window ?? 0))
  }

  fileprivate func withPrompts(_ body: (ek_prompts) -> Void) {
    unsafe queryStarts.withUnsafeBufferPointer { queries in
      unsafe keyStarts.withUnsafeBufferPointer { keys in
        unsafe starts.withUnsafeBufferPointer { own in
          unsafe body(
            ek_prompts(
              queries: queries.baseAddress, keys: keys.baseAddress, own: own.baseAddress,
              count: Int64(starts.count - 1)))
        }
      }
    }
  }
}
