internal import CKernels

extension Tensor {
  /// Adds `scale · other`, element by element.
  package mutating func add(_ other: Tensor, scaledBy scale: Float = 1) {
    precondition(shape == other.shape, "adding \(other.shape) to \(shape)")
    unsafe ek_add_scaled(&elements, other.elements, scale, Int64(count))
  }

  /// Adds block `index` of another tensor's outermost axis.
  package mutating func add(block index: Int, of other: Tensor) {
    precondition((index + 1) * count <= other.count, "block \(index) of \(other.shape)")
    unsafe other.elements.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe ek_add_scaled(&elements, base + index * count, 1, Int64(count))
    }
  }

  /// Adds numbers to the elements from block `index` on, where blocks have as many elements.
  package mutating func add(_ block: Tensor, toBlock index: Int) {
    add(block.elements[...], at: index * block.count)
  }

  /// Adds numbers to consecutive elements.
  package mutating func add(_ numbers: ArraySlice<Float>, at offset: Int) {
    precondition(
      offset + numbers.count <= count, "\(numbers.count) numbers at \(offset) of \(shape)")
    unsafe elements.withUnsafeMutableBufferPointer { buffer in
      unsafe numbers.withUnsafeBufferPointer { numbers in
        guard let base = buffer.baseAddress, let source = numbers.baseAddress else { return }
        unsafe ek_add_scaled(base + offset, source, 1, Int64(numbers.count))
      }
    }
  }

  /// Multiplies every element by `factor`.
  package mutating func scale(by factor: Float) { unsafe ek_scale(&elements, factor, Int64(count)) }

  /// This matrix several times, one below the other.
  package func tiled(_ count: Int) -> Tensor {
    guard count != 1 else { return self }
    var tiled: [Float] = []
    tiled.reserveCapacity(count * elements.count)
    for _ in 0..<count { tiled.append(contentsOf: elements) }
    return Tensor(tiled, shape: [count * rowCount, columnCount])
  }

  /// Subtracts a matrix from each stack of as many rows; nothing when there is none.
  package mutating func subtract(tiled other: Tensor?) {
    guard let other else { return }
    for block in 0..<(count / other.count) {
      unsafe elements.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe ek_add_scaled(base + block * other.count, other.elements, -1, Int64(other.count))
      }
    }
  }

  /// Each row of the last axis times a factor of its own.
  package func scaledRows(by factors: [Float]) -> Tensor {
    precondition(factors.count == rowCount, "\(factors.count) factors for \(rowCount) rows")
    var copy = self
    for (row, factor) in factors.enumerated() {
      for index in (row * columnCount)..<((row + 1) * columnCount) {
        copy.elements[index] *= factor
      }
    }
    return copy
  }

  /// Adds a row to every row of the last axis; nil adds nothing.
  package mutating func add(row: Tensor?) {
    guard let row else { return }
    precondition(row.count == columnCount, "adding a row of \(row.shape) to \(shape)")
    unsafe ek_add_row(&elements, row.elements, Int64(rowCount), Int64(columnCount))
  }

  /// The difference of two tensors of one shape.
  package static func - (left: Tensor, right: Tensor) -> Tensor {
    precondition(left.shape == right.shape, "\(left.shape) minus \(right.shape)")
    return unsafe Tensor(shape: left.shape) { out in
      unsafe ek_subtract(out, left.elements, right.elements, Int64(left.count))
    }
  }

  /// The sum of all rows of the last axis, `[columns]`.
  package func rowSum() -> Tensor {
    var sum = Tensor(zeros: [columnCount])
    unsafe ek_sum_rows(&sum.elements, elements, Int64(rowCount), Int64(columnCount))
    return sum
  }

  /// The rows at `indices`, which may repeat, `[indices, columns]`.
  package func gatherRows(_ indices: [Int32]) -> Tensor {
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < rowCount }, "a row outside of shape \(shape)")
    return unsafe Tensor(shape: [indices.count, columnCount]) { out in
      unsafe ek_gather_rows(out, elements, indices, Int64(indices.count), Int64(columnCount))
    }
  }

  /// Adds row `i` of `rows` to this tensor's row `indices[i]`; indices may repeat.
  ///
  /// The backward of ``gatherRows(_:)``.
  package mutating func scatterAdd(_ rows: Tensor, to indices: [Int32]) {
    precondition(rows.rowCount == indices.count && rows.columnCount == columnCount)
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < rowCount }, "a row outside of shape \(shape)")
    unsafe ek_scatter_add_rows(
      &elements, rows.elements, indices, Int64(indices.count), Int64(columnCount))
  }

  /// Sums consecutive groups of blocks: `[rows, groups · group · width]` to `[rows, groups · width]`.
  package func groupSums(groups: Int, group: Int, width: Int) -> Tensor {
    precondition(columnCount == groups * group * width, "\(groups)·\(group)·\(width) in \(shape)")
    guard group > 1 else { return self }
    return unsafe Tensor(shape: [rowCount, groups * width]) { out in
      unsafe ek_sum_groups(
        out, elements, Int64(rowCount), Int64(groups), Int64(group), Int64(width))
    }
  }

  /// Writes another tensor over this one's elements from `offset` on.
  package mutating func replace(at offset: Int, with other: Tensor) {
    elements.replaceSubrange(offset..<(offset + other.count), with: other.elements)
  }

  /// This matrix `[rows, columns]` as `[columns, rows]`.
  package func transposed() -> Tensor {
    let (rows, columns) = (rowCount, columnCount)
    return unsafe Tensor(shape: [columns, rows]) { out in
      nonisolated(unsafe) let out = unsafe out
      parallelFor(columns) { column in
        for row in 0..<rows { unsafe out[column * rows + row] = elements[row * columns + column] }
      }
    }
  }

  /// One row `[columns]` repeated, `[count, columns]`.
  package func repeatedRow(_ count: Int) -> Tensor {
    reshaped([1, self.count]).gatherRows([Int32](repeating: 0, count: count))
  }

  /// Adds this tensor's elements to Float64 sums, in order.
  package func accumulate(into sums: inout [Double], at offset: Int = 0) {
    precondition(offset + count <= sums.count, "\(count) elements into \(sums.count - offset) sums")
    unsafe sums.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe ek_accumulate(base + offset, elements, Int64(count))
    }
  }
}
