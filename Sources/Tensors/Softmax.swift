internal import CKernels

extension Tensor {
  /// Softmax over the last axis, of the first `valid[row]` elements of each row; the rest become 0.
  ///
  /// Growing counts make it causal, a prompt's length makes it ignore padding; nil takes all.
  package func softmax(valid: [Int32]? = nil) -> Tensor {
    let valid = valid ?? [Int32](repeating: Int32(columnCount), count: rowCount)
    precondition(
      valid.count == rowCount && valid.allSatisfy { $0 > 0 && $0 <= columnCount },
      "a count in 1…\(columnCount) for each of \(rowCount) rows")
    return unsafe Tensor(shape: shape) { out in
      unsafe ek_softmax(out, elements, valid, Int64(rowCount), Int64(columnCount))
    }
  }

  /// The gradient of the softmax whose result is this tensor: `y (dy − Σ y·dy)`.
  package func softmaxBackward(_ dy: Tensor) -> Tensor {
    precondition(dy.shape == shape)
    return unsafe Tensor(shape: shape) { out in
      unsafe ek_softmax_backward(out, dy.elements, elements, Int64(rowCount), Int64(columnCount))
    }
  }

  /// `x − log Σ exp x` over the last axis.
  package func logSoftmax() -> Tensor {
    unsafe Tensor(shape: shape) { out in
      unsafe ek_log_softmax(out, elements, Int64(rowCount), Int64(columnCount))
    }
  }

  /// A loss for each row of logits, with its gradient with respect to them.
  package typealias RowLoss = (losses: [Double], gradient: Tensor)

  /// Cross-entropy of `targets` under this tensor's logits, `−log softmax(x)[target]`.
  package func crossEntropy(targets: [Int32]) -> RowLoss {
    precondition(
      targets.count == rowCount && targets.allSatisfy { $0 >= 0 && $0 < columnCount })
    return unsafe rowLoss { losses, out in
      unsafe ek_cross_entropy(losses, out, elements, targets, Int64(rowCount), Int64(columnCount))
    }
  }

  /// How far a softmax `q` is from a reference `p`.
  package enum Divergence: Sendable, CaseIterable {
    /// Kullback–Leibler from the reference, `Σ p (log p − log q)`.
    case kl
    /// Kullback–Leibler from this tensor's distribution, `Σ q (log q − log p)`.
    case reverseKL
    /// Jensen–Shannon, `½ Σ p log (p/m) + ½ Σ q log (q/m)` with `m = (p + q)/2`; at most log 2.
    case jensenShannon

    fileprivate var kind: ek_divergence_kind {
      switch self {
      case .kl: EK_KL
      case .reverseKL: EK_REVERSE_KL
      case .jensenShannon: EK_JS
      }
    }
  }

  /// The divergence of this tensor's softmax from reference log-probabilities, row by row.
  ///
  /// - Parameters:
  ///   - divergence: Which one.
  ///   - reference: `log p`, of this tensor's shape.
  /// - Returns: The divergence of each row and its gradient with respect to the logits.
  package func divergence(
    _ divergence: Divergence, fromLogProbabilities reference: Tensor
  ) -> RowLoss {
    precondition(reference.shape == shape, "divergence of \(shape) from \(reference.shape)")
    return unsafe rowLoss { losses, out in
      unsafe ek_divergence(
        divergence.kind, losses, out, elements, reference.elements, Int64(rowCount),
        Int64(rowCount), Int64(columnCount))
    }
  }

  /// The divergences alone, where the reference's rows repeat for each stack of as many rows.
  package func divergences(
    _ divergence: Divergence, fromRepeated reference: Tensor
  ) -> [Double] {
    precondition(
      reference.columnCount == columnCount && rowCount % reference.rowCount == 0,
      "divergence of \(shape) from \(reference.shape)")
    var losses = [Double](repeating: 0, count: rowCount)
    unsafe ek_divergence(
      divergence.kind, &losses, nil, elements, reference.elements, Int64(rowCount),
      Int64(reference.rowCount), Int64(columnCount))
    return losses
  }

  private func rowLoss(
    _ fill: (UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Float>) -> Void
  ) -> RowLoss {
    var losses = [Double](repeating: 0, count: rowCount)
    let gradient = unsafe Tensor(shape: shape) { out in
      unsafe losses.withUnsafeMutableBufferPointer { unsafe fill($0.baseAddress, out) }
    }
    return (losses, gradient)
  }

  /// The column of each row's largest element; the first of equal ones.
  package func rowArgmax() -> [Int] {
    (0..<rowCount).map { row in
      let values = self.row(row)
      return (values.indices.max { (values[$0], $1) < (values[$1], $0) } ?? 0) - values.startIndex
    }
  }

  /// How many elements of a row are at least as large as the largest of those at `columns`: its rank, 1 at
  /// best, where ties count against it.
  package func rank(ofBest columns: [Int32], row: Int) -> Int {
    let values = self.row(row)
    let best = columns.map { values[values.startIndex + Int($0)] }.max() ?? -.infinity
    return values.count { $0 >= best }
  }
}
