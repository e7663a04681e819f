// The card's rows of Backend: norms, activations, softmax and losses, rotation.

extension CUDADevice {
  func norm(
    _ y: Address, statistics: Address, _ x: Address, _ norm: Normalization, rows: Int, columns: Int
  ) {
    launch(
      "ek_norm_forward", .rows(rows),
      [
        .address(y), .address(statistics), .address(x), .address(norm.scale.address),
        .address(norm.bias?.address), .float(norm.epsilon), .int(norm.kind == .layer ? 1 : 0),
        .int(rows), .int(columns),
      ])
  }

  func normBackward(
    _ dx: Address, _ dy: Address, _ x: Address, statistics: Address, _ norm: Normalization,
    rows: Int, cycle: Int, columns: Int
  ) {
    launch(
      "ek_norm_backward", .rows(rows),
      [
        .address(dx), .address(dy), .address(x), .address(statistics),
        .address(norm.scale.address), .int(norm.kind == .layer ? 1 : 0),
        .int(norm.holdsDeviation ? 1 : 0), .int(rows), .int(cycle), .int(columns),
      ])
  }

  func normBackwardParameters(
    scale: Address, bias: Address, _ dy: Address, _ x: Address, statistics: Address, rows: Int,
    columns: Int
  ) {
    launch(
      "ek_norm_backward_parameters", .elements(columns),
      [
        .address(scale), .address(bias), .address(dy), .address(x), .address(statistics),
        .int(rows), .int(columns),
      ])
  }

  func activate(_ y: Address, _ x: Address, _ kind: Activation, count: Int) {
    launch(
      "ek_activate", .elements(count),
      [.address(y), .address(x), .int(kind.kernelNumber), .int(count)])
  }

  func activateBackward(
    _ dx: Address, _ dy: Address, _ x: Address, _ kind: Activation, _ slope: Activation.Slope,
    count: Int
  ) {
    launch(
      "ek_activate_backward", .elements(count),
      [
        .address(dx), .address(dy), .address(x), .int(kind.kernelNumber),
        .int(slope == .secant ? 1 : 0), .int(count),
      ])
  }

  func gated(_ y: Address, gate: Address, up: Address, _ kind: Activation, count: Int) {
    launch(
      "ek_gated", .elements(count),
      [.address(y), .address(gate), .address(up), .int(kind.kernelNumber), .int(count)])
  }

  func gatedBackward(
    gate dgate: Address, up dup: Address, _ dy: Address, gate: Address, up: Address,
    _ kind: Activation, _ slope: Activation.Slope, count: Int
  ) {
    launch(
      "ek_gated_backward", .elements(count),
      [
        .address(dgate), .address(dup), .address(dy), .address(gate), .address(up),
        .int(kind.kernelNumber), .int(slope == .secant ? 1 : 0), .int(count),
      ])
  }

  func softmax(_ y: Address, _ x: Address, valid: [Int32], columns: Int) {
    launch(
      "ek_softmax", .rows(valid.count),
      [.address(y), .address(x), .int32s(valid), .int(valid.count), .int(columns)])
  }

  func softmaxBackward(_ dx: Address, _ dy: Address, _ y: Address, rows: Int, columns: Int) {
    launch(
      "ek_softmax_backward", .rows(rows),
      [.address(dx), .address(dy), .address(y), .int(rows), .int(columns)])
  }

  func logSoftmax(_ y: Address, _ x: Address, rows: Int, columns: Int) {
    launch(
      "ek_log_softmax", .rows(rows), [.address(y), .address(x), .int(rows), .int(columns)])
  }

  func crossEntropy(_ dx: Address, _ x: Address, targets: [Int32], columns: Int) -> [Double] {
    unsafe doubles(targets.count) {
      unsafe launch(
        "ek_cross_entropy", .rows(targets.count),
        [
          .memory($0), .address(dx), .address(x), .int32s(targets), .int(targets.count),
          .int(columns),
        ])
    }
  }

  func divergence(
    _ kind: Tensor.Divergence, _ dx: Address?, _ x: Address, reference: Address, rows: Int,
    references: Int, columns: Int
  ) -> [Double] {
    unsafe doubles(rows) {
      unsafe launch(
        "ek_divergence", .rows(rows),
        [
          .int(kind.kernelNumber), .memory($0), .address(dx), .address(x), .address(reference),
          .int(rows), .int(references), .int(columns),
        ])
    }
  }

  func rotate(
    _ x: Address, _ rotary: Rotary, positions: [Int32], heads: Int, width: Int, inverse: Bool
  ) {
    let half = rotary.cosines.columnCount
    launch(
      "ek_rotary", .elements(positions.count * heads * half),
      [
        .address(x), .address(rotary.cosines.address), .address(rotary.sines.address),
        .int32s(positions), .int(positions.count), .int(heads), .int(width), .int(2 * half),
        .int(inverse ? 1 : 0),
      ])
  }
}

// Numbers as in the kernels' source -----------------------------------------------------------

extension Activation {
  fileprivate var kernelNumber: Int {
    switch self {
    case .geluTanh: 0
    case .geluErf: 1
    case .silu: 2
    case .relu: 3
    case .tanh: 4
    case .hardTanh: 5
    }
  }
}

extension Tensor.Divergence {
  fileprivate var kernelNumber: Int {
    switch self {
    case .kl: 0
    case .reverseKL: 1
    case .jensenShannon: 2
    }
  }
}
