internal import Foundation

/// Rotary position embedding: pairs of a head's elements, `i` and `i + rotated/2`, are turned by angles that
/// grow with position.
package struct Rotary: Sendable, Equatable {
  /// Cosines and sines, `[position, rotated/2]`.
  package let cosines: Tensor
  package let sines: Tensor

  /// - Parameters:
  ///   - frequencies: Radians per position of each pair, `[rotated/2]`.
  ///   - amplitude: What the turned elements are multiplied by.
  ///   - positionCount: How many positions the table covers.
  ///   - device: Where what is turned lies.
  package init(
    frequencies: [Double], amplitude: Double = 1, positionCount: Int, on device: Device = .cpu
  ) {
    let angles = (0..<positionCount).flatMap { position in
      frequencies.map { Double(position) * $0 }
    }
    let shape = [positionCount, frequencies.count]
    cosines = Tensor(angles.map { Float(amplitude * cos($0)) }, shape: shape, on: device)
    sines = Tensor(angles.map { Float(amplitude * sin($0)) }, shape: shape, on: device)
  }

  /// Turns every head of `x` in place; backwards when `inverse`, which is the gradient, and undoes a turn of amplitude 1.
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

/// How a gradient `g` at a pattern `p` becomes one at the scores `s` that it is the softmax of.
package enum PatternRule: Sendable, Equatable {
  /// `p (g − Σ g p)`, the gradient itself.
  case exact
  /// The pattern is a constant: 0.
  case constant
  /// `p′ (g − Σ g p′)` with `p′ = softmax(s / temperature)`.
  case softened(temperature: Float)
  /// `Σ g p · p / s`, 0 where `s` is: each score passes its share of what is relevant.
  case relevance

  /// What scores are divided by.
  var temperature: Float {
    if case .softened(let temperature) = self { temperature } else { 1 }
  }
}

/// Attention inside each of several prompts that lie one after another.
///
/// A prompt's keys and values may begin with some that are known from elsewhere, and only some of its last tokens
/// may have queries.
package struct PromptAttention: Sendable {
  /// Where each prompt's own tokens start, those whose keys and values have gradients; one more for the end of the
  /// last.
  package let starts: [Int32]
  /// Where each prompt's queries start, those of its last tokens.
  package let queryStarts: [Int32]
  /// Where each prompt's keys start: known ones, then its own tokens'.
  package let keyStarts: [Int32]
  package let headCount: Int
  /// Keys and values are shared by `headCount / keyValueHeadCount` consecutive heads.
  package let keyValueHeadCount: Int
  package let scale: Float
  /// Whether a token sees only itself and what comes before it.
  package let isCausal: Bool
  /// How many of these tokens it sees, the last ones and itself included; nil for all.
  package let window: Int?
  /// Scores `s` are kept within `cap · tanh(s / cap)`; nil for as they are.
  package let cap: Float?

  /// Queries and keys are of each prompt's own tokens, unless something else is said.
  package init(
    starts: [Int32], queryStarts: [Int32]? = nil, keyStarts: [Int32]? = nil, headCount: Int,
    keyValueHeadCount: Int, scale: Float, isCausal: Bool = true, window: Int? = nil,
    cap: Float? = nil
  ) {
    precondition(keyValueHeadCount > 0 && headCount % keyValueHeadCount == 0)
    precondition(window.map { isCausal && $0 > 0 } ?? true, "a window of attention both ways")
    precondition(cap.map { $0 > 0 } ?? true, "scores capped at \(cap ?? 0)")
    self.starts = starts
    self.queryStarts = queryStarts ?? starts
    self.keyStarts = keyStarts ?? starts
    precondition(
      self.queryStarts.count == starts.count && self.keyStarts.count == starts.count,
      "queries, keys and tokens of different prompts")
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.scale = scale
    self.isCausal = isCausal
    self.window = window
    self.cap = cap
  }

  /// `z_i = Σ_j softmax_j(scale · ⟨q_i, k_j⟩) v_j`, over i − window < j ≤ i when it is causal; scores maybe capped.
  ///
  /// - Parameters:
  ///   - q: `[query, head · dHead]`.
  ///   - k: `[key, keyValueHead · dHead]`.
  ///   - v: `[key, keyValueHead · dHead]`.
  /// - Returns: `z`, `[query, head · dHead]`.
  package func forward(q: Tensor, k: Tensor, v: Tensor) -> Tensor {
    let operands = operands(q, k, v)
    return q.making(q.shape) { $0.attend($1, operands, self) }
  }

  /// The gradients with respect to q, `[query, head · dHead]`, and to k and v, `[token, head · dHead]`.
  ///
  /// Those of k and v are of own tokens, and of each query head's own copy: sum the groups for shared ones. `slope` is
  /// how steep a cap counts as.
  package func backward(
    _ dz: Tensor, q: Tensor, k: Tensor, v: Tensor, rule: PatternRule = .exact,
    slope: Activation.Slope = .tangent
  ) -> (q: Tensor, k: Tensor, v: Tensor) {
    let operands = operands(q, k, v)
    let own = [Int(starts.last ?? 0), q.columnCount]
    var (dk, dv) = (Tensor(zeros: own, on: q.device), Tensor(zeros: own, on: q.device))
    let (keys, values) = (dk.writable(), dv.writable())
    let dq = q.making(q.shape) {
      $0.attendBackward($1, keys, values, dz.address, operands, self, rule, slope)
    }
    return (dq, dk, dv)
  }

  private func operands(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> AttentionOperands {
    let width = q.columnCount / headCount
    precondition(
      q.rowCount == Int(queryStarts.last ?? 0)
        && k.shape == [Int(keyStarts.last ?? 0), keyValueHeadCount * width] && v.shape == k.shape,
      "attention of q \(q.shape), k \(k.shape), v \(v.shape) over \(keyStarts.last ?? 0) tokens")
    return AttentionOperands(q: q.address, k: k.address, v: v.address, width: width)
  }
}
