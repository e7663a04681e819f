extension Tensor {
  /// Softmax over the last axis, of the first `valid[row]` elements of each row; the rest become 0.
  ///
  /// Growing counts make it causal, a prompt's length makes it ignore padding; nil takes all.
  package func softmax(valid: [Int32]? = nil) -> Tensor {
    let valid = valid ?? [Int32](repeating: Int32(columnCount), count: rowCount)
    precondition(
      valid.count == rowCount && valid.allSatisfy { $0 > 0 && $0 <= columnCount },
      "a count in 1…\(columnCount) for each of \(rowCount) rows")
    return making(shape) { $0.softmax($1, address, valid: valid, columns: columnCount) }
  }

  /// The gradient of the softmax whose result is this tensor: `y (dy − Σ y·dy)`.
  package func softmaxBackward(_ dy: Tensor) -> Tensor {
    precondition(dy.shape == shape)
    return making(shape) {
      $0.softmaxBackward($1, dy.address, address, rows: rowCount, columns: columnCount)
    }
  }

  /// `x − log Σ exp x` over the last axis.
  package func logSoftmax() -> Tensor {
    making(shape) { $0.logSoftmax($1, address, rows: rowCount, columns: columnCount) }
  }

  /// A loss for each row of logits, with its gradient with respect to them.
  package typealias RowLoss = (losses: [Double], gradient: Tensor)

  /// Cross-entropy of `targets` under this tensor's logits, `−log softmax(x)[target]`.
  package func crossEntropy(targets: [Int32]) -> RowLoss {
    precondition(
      targets.count == rowCount && targets.allSatisfy { $0 >= 0 && $0 < columnCount })
    return rowLoss { $0.crossEntropy($1, address, targets: targets, columns: columnCount) }
  }

  /// How far a softmax `q` is from a reference `p`.
  package enum Divergence: Sendable, CaseIterable {
    /// Kullback–Leibler from the reference, `Σ p (log p − log q)`.
    case kl
    /// Kullback–Leibler from this tensor's distribution, `Σ q (log q − log p)`.
    case reverseKL
    /// Jensen–Shannon, `½ Σ p log (p/m) + ½ Σ q log (q/m)` with `m = (p + q)/2`; at most log 2.
    case jensenShannon
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
    return rowLoss {
      $0.divergence(
        divergence, $1, address, reference: reference.address, rows: rowCount,
        references: rowCount, columns: columnCount)
    }
  }

  /// The divergences alone, where the reference's rows repeat for each stack of as many rows.
  package func divergences(
    _ divergence: Divergence, fromRepeated reference: Tensor
  ) -> [Double] {
    precondition(
      reference.columnCount == columnCount && rowCount % reference.rowCount == 0,
      "divergence of \(shape) from \(reference.shape)")
    return backend.divergence(
      divergence, nil, address, reference: reference.address, rows: rowCount,
      references: reference.rowCount, columns: columnCount)
  }

  private func rowLoss(_ fill: (any Backend, Address) -> [Double]) -> RowLoss {
    var losses: [Double] = []
    let gradient = making(shape) { losses = fill($0, $1) }
    return (losses, gradient)
  }

  /// The column of each row's largest element; the first of equal ones.
  package func rowArgmax() -> [Int] {
    let values = values()
    return (0..<rowCount).map { row in
      let places = (row * columnCount)..<((row + 1) * columnCount)
      return (places.max { (values[$0], $1) < (values[$1], $0) } ?? places.lowerBound)
        - places.lowerBound
    }
  }

  /// How many elements of a row are at least as large as the largest of those at `columns`: its rank, 1 at
  /// best, where ties count against it.
  package func rank(ofBest columns: [Int32], row: Int) -> Int {
    let values = self.row(row)
    let best = columns.map { values[Int($0)] }.max() ?? -.infinity
    return values.count { $0 >= best }
  }
}
