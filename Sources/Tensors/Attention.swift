internal import CKernels
internal import Foundation

/// Rotary position embedding: pairs of a head's elements are turned by angles that grow with position.
package struct Rotary: Sendable, Equatable {
  /// How pairs are formed.
  package enum Pairing: Sendable {
    /// Element `i` with `i + rotated/2`, as Hugging Face stores weights.
    case halfSplit
    /// Element `2i` with `2i + 1`, as GGUF's `llama` architecture stores weights.
    case interleaved
  }

  /// Cosines and sines, `[position, rotated/2]`.
  package let cosines: Tensor
  package let sines: Tensor
  package let pairing: Pairing

  /// - Parameters:
  ///   - frequencies: Radians per position of each pair, `[rotated/2]`.
  ///   - positionCount: How many positions the table covers.
  ///   - pairing: How pairs are formed.
  package init(frequencies: [Double], positionCount: Int, pairing: Pairing = .halfSplit) {
    let angles = (0..<positionCount).flatMap { position in
      frequencies.map { Double(position) * $0 }
    }
    let shape = [positionCount, frequencies.count]
    cosines = Tensor(angles.map { Float(cos($0)) }, shape: shape)
    sines = Tensor(angles.map { Float(sin($0)) }, shape: shape)
    self.pairing = pairing
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
    unsafe ek_rotary(
      &x.elements, cosines.elements, sines.elements, positions, Int64(x.rowCount),
      Int64(headCount), Int64(x.columnCount / headCount), Int64(2 * cosines.columnCount),
      pairing == .interleaved, inverse)
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
    let width = width(q, k, v)
    return unsafe Tensor(shape: q.shape) { out in
      unsafe ek_attention(
        out, q.elements, k.elements, v.elements, starts, Int64(starts.count - 1),
        Int64(headCount), Int64(keyValueHeadCount), Int64(width), scale, isCausal)
    }
  }

  /// The gradients with respect to q, k and v, all `[token, head · dHead]`.
  ///
  /// Those of k and v are of each query head's own copy: sum the groups for shared ones.
  package func backward(
    _ dz: Tensor, q: Tensor, k: Tensor, v: Tensor
  ) -> (q: Tensor, k: Tensor, v: Tensor) {
    let width = width(q, k, v)
    var (dk, dv) = (Tensor(zeros: q.shape), Tensor(zeros: q.shape))
    let dq = unsafe Tensor(shape: q.shape) { out in
      unsafe ek_attention_backward(
        out, &dk.elements, &dv.elements, dz.elements, q.elements, k.elements, v.elements, starts,
        Int64(starts.count - 1), Int64(headCount), Int64(keyValueHeadCount), Int64(width), scale,
        isCausal)
    }
    return (dq, dk, dv)
  }

  private func width(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Int {
    let width = q.columnCount / headCount
    precondition(
      q.rowCount == Int(starts.last ?? 0) && k.shape == [q.rowCount, keyValueHeadCount * width]
        && v.shape == k.shape,
      "attention of q \(q.shape), k \(k.shape), v \(v.shape) over \(starts.last ?? 0) tokens")
    return width
  }
}
