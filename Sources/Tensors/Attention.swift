internal import Foundation

/// Rotary position embedding: pairs of a head's elements, `i` and `i + rotated/2`, are turned by angles that
/// grow with position.
package struct Rotary: Sendable, Equatable {
  /// Cosines and sines, `[position, rotated/2]`.
  package let cosines: Tensor
  package let sines: Tensor

  /// - Parameters:
  ///   - frequencies: Radians per position of each pair, `[rotated/2]`.
  ///   - positionCount: How many positions the table covers.
  package init(frequencies: [Double], positionCount: Int) {
    let angles = (0..<positionCount).flatMap { position in
      frequencies.map { Double(position) * $0 }
    }
    let shape = [positionCount, frequencies.count]
    cosines = Tensor(angles.map { Float(cos($0)) }, shape: shape)
    sines = Tensor(angles.map { Float(sin($0)) }, shape: shape)
  }

  /// Turns every head of `x` in place; backwards when `inverse`, which is also the gradient.
  ///
  /// - Parameters:
  ///   - x: `[token, head · width]`; the first elements of each head are turned.
  ///   - positions: The position of each token.
  ///   - headCount: How many heads a row holds.
  ///   - inverse: Whether to turn back.
  package func rotate(
    _ x: inout Tensor, positions: [Int32], headCount: Int, inverse: Bool = false
  ) {
    precondition(
      x.rowCount == positions.count && 2 * cosines.columnCount * headCount <= x.columnCount)
    precondition(
      positions.allSatisfy { $0 >= 0 && $0 < cosines.rowCount }, "a position without an angle")
    let target = x.writable()
    x.backend.rotate(
      target, self, positions: positions, heads: headCount, width: x.columnCount / headCount,
      inverse: inverse)
  }
}

/// Attention inside each of several prompts that lie one after another.
package struct PromptAttention: Sendable {
  /// Where each prompt starts; one more for the end of the last.
  package let starts: [Int32]
  package let headCount: Int
  /// Keys and values are shared by `headCount / keyValueHeadCount` consecutive heads.
  package let keyValueHeadCount: Int
  package let scale: Float
  /// Whether a token sees only itself and what comes before it.
  package let isCausal: Bool

  package init(
    starts: [Int32], headCount: Int, keyValueHeadCount: Int, scale: Float,
    isCausal: Bool = true
  ) {
    precondition(keyValueHeadCount > 0 && headCount % keyValueHeadCount == 0)
    self.starts = starts
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.scale = scale
    self.isCausal = isCausal
  }

  /// `z_i = Σ_j softmax_j(scale · ⟨q_i, k_j⟩) v_j`, over j ≤ i when it is causal.
  ///
  /// - Parameters:
  ///   - q: `[token, head · dHead]`.
  ///   - k: `[token, keyValueHead · dHead]`.
  ///   - v: `[token, keyValueHead · dHead]`.
  /// - Returns: `z`, `[token, head · dHead]`.
  package func forward(q: Tensor, k: Tensor, v: Tensor) -> Tensor {
    let operands = operands(q, k, v)
    return q.making(q.shape) { $0.attend($1, operands, self) }
  }

  /// The gradients with respect to q, k and v, all `[token, head · dHead]`.
  ///
  /// Those of k and v are of each query head's own copy: sum the groups for shared ones.
  package func backward(
    _ dz: Tensor, q: Tensor, k: Tensor, v: Tensor
  ) -> (q: Tensor, k: Tensor, v: Tensor) {
    let operands = operands(q, k, v)
    var (dk, dv) = (Tensor(zeros: q.shape), Tensor(zeros: q.shape))
    let (keys, values) = (dk.writable(), dv.writable())
    let dq = q.making(q.shape) {
      $0.attendBackward($1, keys, values, dz.address, operands, self)
    }
    return (dq, dk, dv)
  }

  private func operands(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> AttentionOperands {
    let width = q.columnCount / headCount
    precondition(
      q.rowCount == Int(starts.last ?? 0) && k.shape == [q.rowCount, keyValueHeadCount * width]
        && v.shape == k.shape,
      "attention of q \(q.shape), k \(k.shape), v \(v.shape) over \(starts.last ?? 0) tokens")
    return AttentionOperands(q: q.address, k: k.address, v: v.address, width: width)
  }
}
