extension Tensor {
  /// Puts tensors of one shape behind each other along a new outermost axis.
  package init(stacking tensors: [Tensor]) {
    precondition(tensors.allSatisfy { $0.shape == tensors[0].shape }, "tensors of several shapes")
    self.init(
      tensors.flatMap(\.elements), shape: [tensors.count] + (tensors.first?.shape ?? []))
  }

  /// Writes rows over this tensor's rows at `indices`.
  package mutating func replaceRows(_ indices: [Int32], with rows: Tensor) {
    precondition(
      rows.rowCount == indices.count && rows.columnCount == columnCount
        && indices.allSatisfy { $0 >= 0 && $0 < rowCount },
      "rows \(rows.shape) over \(indices.count) rows of \(shape)")
    let width = columnCount
    unsafe elements.withUnsafeMutableBufferPointer { target in
      unsafe rows.elements.withUnsafeBufferPointer { source in
        guard let target = target.baseAddress, let source = source.baseAddress else { return }
        for (row, index) in indices.enumerated() {
          unsafe (target + Int(index) * width).update(from: source + row * width, count: width)
        }
      }
    }
  }

  /// Some blocks of `width` columns, `[rows, blocks · width]`: heads out of a tensor of all heads.
  package func gatherColumnBlocks(_ blocks: [Int], width: Int) -> Tensor {
    let count = columnCount / width
    guard blocks != Array(0..<count) else { return self }
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
    let shape = shape
    let places = places(of: blocks, count)
    self = reshaped([rowCount * count, width])
    replaceRows(places, with: other.reshaped([other.count / width, width]))
    self = reshaped(shape)
  }

  /// The places of blocks when every row is `count` rows of one block each.
  private func places(of blocks: [Int], _ count: Int) -> [Int32] {
    (0..<rowCount).flatMap { row in blocks.map { Int32(row * count + $0) } }
  }
}
