// Rows of the last axis taken out, put back and put together.

extension Tensor {
  /// The rows at `indices`, which may repeat, `[indices, columns]`, in Float32.
  package func gatherRows(_ indices: [Int32]) -> Tensor {
    requireRows(indices)
    return making([indices.count, columnCount]) {
      $0.gatherRows($1, stored, indices, columns: columnCount)
    }
  }

  /// The rows at `indices`, in their order: a window where they lie one after another, else gathered.
  package func pickedRows(_ indices: [Int32]) -> Tensor {
    let follow = zip(indices, indices.dropFirst()).allSatisfy { $1 == $0 + 1 }
    guard follow, let first = indices.first, shape.count == 2 else { return gatherRows(indices) }
    return slice(Int(first)..<(Int(first) + indices.count))
  }

  /// Adds row `i` of `rows` to this tensor's row `indices[i]`; indices may repeat.
  ///
  /// The backward of ``gatherRows(_:)``.
  package mutating func scatterAdd(_ rows: Tensor, to indices: [Int32]) {
    precondition(rows.rowCount == indices.count && rows.columnCount == columnCount)
    requireRows(indices)
    let table = writable()
    backend.scatterAddRows(table, rows.address, indices, columns: columnCount)
  }

  /// Writes rows over this tensor's rows at `indices`.
  package mutating func replaceRows(_ indices: [Int32], with rows: Tensor) {
    precondition(
      rows.rowCount == indices.count && rows.columnCount == columnCount,
      "rows \(rows.shape) over \(indices.count) rows of \(shape)")
    requireRows(indices)
    let table = writable()
    backend.replaceRows(table, rows.address, indices, columns: columnCount)
  }

  private func requireRows(_ indices: [Int32]) {
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < rowCount }, "a row outside of shape \(shape)")
  }

  /// One row `[columns]` repeated, `[count, columns]`.
  package func repeatedRow(_ count: Int) -> Tensor {
    reshaped([1, self.count]).gatherRows([Int32](repeating: 0, count: count))
  }

  /// This matrix several times, one below the other.
  package func tiled(_ count: Int) -> Tensor {
    guard count != 1 else { return self }
    return Tensor(joining: [Tensor](repeating: self, count: count))
      .reshaped([count * rowCount, columnCount])
  }

  /// Puts tensors behind each other along the outermost axis; the other axes are alike.
  package init(joining tensors: [Tensor]) {
    let inner = Array(tensors.first?.shape.dropFirst() ?? [])
    precondition(
      tensors.allSatisfy { Array($0.shape.dropFirst()) == inner }, "tensors of several shapes")
    let length = tensors.reduce(0) { $0 + $1.shape[0] }
    self.init(shape: [length] + inner, on: tensors.first?.device ?? .cpu) { backend, out in
      var start = 0
      for tensor in tensors {
        backend.copy(tensor.address, to: out + start, count: tensor.count)
        start += tensor.count
      }
    }
  }

  /// Puts tensors of one shape behind each other along a new outermost axis.
  package init(stacking tensors: [Tensor]) {
    precondition(tensors.allSatisfy { $0.shape == tensors[0].shape }, "tensors of several shapes")
    self = Tensor(joining: tensors.map { $0.reshaped([1] + $0.shape) })
  }
}

// Blocks of columns ---------------------------------------------------------------------------

extension Tensor {
  /// Some blocks of `width` columns, `[rows, blocks · width]`: heads out of a tensor of all heads.
  package func gatherColumnBlocks(_ blocks: [Int], width: Int) -> Tensor {
    let count = columnCount / width
    guard blocks != Array(0..<count) else { return self }
    guard width % format.blockCount == 0 else {
      return float32.gatherColumnBlocks(blocks, width: width)
    }
    return reshaped([rowCount * count, width]).gatherRows(places(of: blocks, count)).reshaped([
      rowCount, blocks.count * width,
    ])
  }

  /// Writes blocks of `width` columns over this tensor's blocks at `blocks`.
  ///
  /// - Parameters:
  ///   - blocks: Places of blocks in a row.
  ///   - width: The columns of a block.
  ///   - other: `[rows, blocks · width]`.
  package mutating func replaceColumnBlocks(_ blocks: [Int], width: Int, with other: Tensor) {
    let count = columnCount / width
    precondition(
      other.rowCount == rowCount && other.columnCount == blocks.count * width,
      "\(other.shape) over \(blocks.count) blocks of \(width) columns in \(shape)")
    guard blocks != Array(0..<count) else {
      self = other
      return
    }
    let places = places(of: blocks, count)
    let table = writable()
    backend.replaceRows(table, other.address, places, columns: width)
  }

  /// The places of blocks when every row is `count` rows of one block each.
  private func places(of blocks: [Int], _ count: Int) -> [Int32] {
    (0..<rowCount).flatMap { row in blocks.map { Int32(row * count + $0) } }
  }
}

// Rows with few entries -----------------------------------------------------------------------

extension Tensor {
  /// Rows that are zero but for some entries, `[rows, columns]`; entries of one place add up.
  package init(
    rowsWithEntries rows: [[(column: Int32, value: Float)]], columnCount: Int, on device: Device
  ) {
    self.init(zeros: [rows.count, columnCount], on: device)
    let places = rows.enumerated().flatMap { row, entries in
      entries.map { Int64(row * columnCount + Int($0.column)) }
    }
    let x = writable()
    backend.addEntries(x, places, rows.flatMap { $0.map(\.value) })
  }

  /// The inner product of each row with the same row of another tensor, in Float64.
  ///
  /// Made for `other` with few entries: its zeros are passed over.
  package func rowProducts(_ other: Tensor) -> [Double] {
    precondition(shape == other.shape, "products of rows of \(shape) and \(other.shape)")
    return backend.rowProducts(address, other.address, rows: rowCount, columns: columnCount)
  }

  /// How far each row is from a row of another tensor, by sums of absolute differences, in Float64.
  ///
  /// Rows come in blocks as long as `other`, each of which is held against all of it.
  package func rowDistances(to other: Tensor) -> [Double] {
    precondition(
      columnCount == other.columnCount && rowCount.isMultiple(of: other.rowCount),
      "distances of rows of \(shape) to \(other.shape)")
    return backend.rowDistances(
      address, other.address, rows: rowCount, places: other.rowCount, columns: columnCount)
  }
}
