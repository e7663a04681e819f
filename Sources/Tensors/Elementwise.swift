extension Tensor {
  /// Adds `scale · other`, element by element.
  package mutating func add(_ other: Tensor, scaledBy scale: Float = 1) {
    precondition(shape == other.shape, "adding \(other.shape) to \(shape)")
    let y = writable()
    backend.addScaled(y, other.address, scale: scale, count: count)
  }

  /// Adds numbers to consecutive elements, from `offset` on.
  package mutating func add(_ other: Tensor, at offset: Int) {
    precondition(offset + other.count <= count, "\(other.shape) at \(offset) of \(shape)")
    let y = writable()
    backend.addScaled(y + offset, other.address, scale: 1, count: other.count)
  }

  /// Multiplies every element by `factor`.
  package mutating func scale(by factor: Float) {
    let x = writable()
    backend.scale(x, by: factor, count: count)
  }

  /// Subtracts a matrix from each stack of as many rows; nothing when there is none.
  package mutating func subtract(tiled other: Tensor?) {
    guard let other else { return }
    let y = writable()
    for start in stride(from: 0, to: count, by: max(other.count, 1)) {
      backend.addScaled(y + start, other.address, scale: -1, count: other.count)
    }
  }

  /// Each row of the last axis times a factor of its own.
  package func scaledRows(by factors: [Float]) -> Tensor {
    precondition(factors.count == rowCount, "\(factors.count) factors for \(rowCount) rows")
    var copy = self
    let x = copy.writable()
    backend.scaleRows(x, by: factors, columns: columnCount)
    return copy
  }

  /// Multiplies every row of the last axis by a row, element by element; nil leaves it as it is.
  ///
  /// - Parameters:
  ///   - row: `[columns]`.
  ///   - rows: Which rows; nil for all.
  package mutating func scale(columnsBy row: Tensor?, rows: Range<Int>? = nil) {
    guard let row else { return }
    let rows = rows ?? 0..<rowCount
    precondition(
      row.count == columnCount && rows.upperBound <= rowCount,
      "a row of \(row.shape) times rows \(rows) of \(shape)")
    let x = writable() + rows.lowerBound * columnCount
    backend.scaleColumns(x, by: row.address, rows: rows.count, columns: columnCount)
  }

  /// Divides each row of the last axis by the deviation of a row that a norm measured, `[rows, 2]`.
  package mutating func scale(byDeviations statistics: Tensor) {
    precondition(statistics.shape == [rowCount, 2], "statistics \(statistics.shape) of \(shape)")
    let x = writable()
    backend.scaleRows(x, byDeviations: statistics.address, rows: rowCount, columns: columnCount)
  }

  /// Adds to each row a multiple of a direction: `scale · ⟨x, y⟩` times it.
  ///
  /// - Parameters:
  ///   - direction: A direction for each row, of this tensor's shape.
  ///   - x: `[rows, inner]`.
  ///   - y: `[rows, inner]`.
  ///   - scale: What all products are multiplied by.
  package mutating func addProjections(
    on direction: Tensor, _ x: Tensor, _ y: Tensor, scale: Float
  ) {
    precondition(
      direction.shape == shape && x.shape == y.shape && x.rowCount == rowCount,
      "projections of \(x.shape) and \(y.shape) on \(direction.shape), into \(shape)")
    let out = writable()
    backend.addProjections(
      out, on: direction.address, x.address, y.address, scale: scale, rows: rowCount,
      columns: columnCount, inner: x.columnCount)
  }

  /// For each column the products with another tensor of this shape: `Σ_r x[r, c] · y[r, c]`, `[columns]`.
  package func columnProducts(_ other: Tensor) -> Tensor {
    // The gradient of a norm's scale, for a norm that leaves rows as they are.
    let plain = Tensor(
      (0..<(2 * rowCount)).map { Float($0 % 2) }, shape: [rowCount, 2], on: device)
    let norm = Normalization(
      scale: Tensor(zeros: [columnCount], on: device), bias: nil, epsilon: 0, kind: .rootMeanSquare)
    var sums = norm
    norm.addParameterGradients(other, x: self, statistics: plain, to: &sums)
    return sums.scale
  }

  /// Adds a row to every row of the last axis; nil adds nothing.
  package mutating func add(row: Tensor?) {
    guard let row else { return }
    precondition(row.count == columnCount, "adding a row of \(row.shape) to \(shape)")
    let x = writable()
    backend.addRow(x, row.address, rows: rowCount, columns: columnCount)
  }

  /// The difference of two tensors of one shape.
  package static func - (left: Tensor, right: Tensor) -> Tensor {
    precondition(left.shape == right.shape, "\(left.shape) minus \(right.shape)")
    return left.making(left.shape) {
      $0.subtract($1, left.address, right.address, count: left.count)
    }
  }

  /// The sum of all rows of the last axis, `[columns]`.
  package func rowSum() -> Tensor {
    var sum = Tensor(zeros: [columnCount], on: device)
    let sums = sum.writable()
    backend.sumRows(sums, address, rows: rowCount, columns: columnCount)
    return sum
  }

  /// Sums consecutive groups of blocks: `[rows, groups · group · width]` to `[rows, groups · width]`.
  package func groupSums(groups: Int, group: Int, width: Int) -> Tensor {
    precondition(columnCount == groups * group * width, "\(groups)·\(group)·\(width) in \(shape)")
    guard group > 1 else { return self }
    return making([rowCount, groups * width]) {
      $0.sumGroups($1, address, rows: rowCount, groups: groups, group: group, width: width)
    }
  }

  /// Writes another tensor over this one's elements from `offset` on.
  package mutating func replace(at offset: Int, with other: Tensor) {
    precondition(offset + other.count <= count, "\(other.shape) at \(offset) of \(shape)")
    let target = writable()
    backend.copy(other.address, to: target + offset, count: other.count)
  }

  /// This matrix `[rows, columns]` as `[columns, rows]`, in Float32.
  package func transposed() -> Tensor {
    let source = float32
    return making([columnCount, rowCount]) {
      $0.transpose($1, source.address, rows: rowCount, columns: columnCount)
    }
  }
}
