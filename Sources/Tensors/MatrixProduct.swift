#if canImport(Accelerate)
  internal import Accelerate
#else
  internal import COneDNN
#endif

/// A product of two matrices and the window that it is written to.
package struct MatrixProduct: Sendable {
  let left: Matrix
  let right: Matrix
  let target: MatrixLayout

  /// - Parameters:
  ///   - left: `[m, k]`.
  ///   - right: `[k, n]`.
  ///   - target: A window `[m, n]` of the tensor that the product is formed in.
  package init(_ left: Matrix, _ right: Matrix, into target: MatrixLayout) {
    precondition(
      left.columnCount == right.rowCount && left.rowCount == target.rowCount
        && right.columnCount == target.columnCount,
      """
      [\(left.rowCount), \(left.columnCount)] times [\(right.rowCount), \(right.columnCount)] \
      into [\(target.rowCount), \(target.columnCount)]
      """)
    self.left = left
    self.right = right
    self.target = target
  }
}

extension Tensor {
  /// The product of two matrices as a tensor `[m, n]`.
  package static func product(_ left: Matrix, _ right: Matrix) -> Tensor {
    let shape = [left.rowCount, right.columnCount]
    let target = MatrixLayout(
      offset: 0, rowCount: shape[0], columnCount: shape[1], stride: shape[1])
    return unsafe Tensor(shape: shape) { out in
      unsafe multiply([MatrixProduct(left, right, into: target)], into: out, adding: false)
    }
  }

  /// Products of matrices written side by side into one new tensor.
  ///
  /// - Parameters:
  ///   - shape: The shape of the tensor; the products' windows must cover it.
  ///   - products: Products whose windows do not overlap.
  /// - Returns: A tensor of the shape.
  package static func products(shape: [Int], _ products: [MatrixProduct]) -> Tensor {
    let covered = products.reduce(0) { $0 + $1.target.rowCount * $1.target.columnCount }
    precondition(covered == shape.reduce(1, *), "products cover \(covered) elements of \(shape)")
    return unsafe Tensor(shape: shape) { out in unsafe multiply(products, into: out, adding: false)
    }
  }

  /// Adds products of matrices to windows of this tensor.
  ///
  /// - Parameter products: Products whose windows do not overlap.
  package mutating func add(_ products: [MatrixProduct]) {
    let count = count
    precondition(products.allSatisfy { $0.target.end <= count }, "a product outside of \(shape)")
    unsafe elements.withUnsafeMutableBufferPointer { buffer in
      guard let out = buffer.baseAddress else { return }
      unsafe multiply(products, into: out, adding: true)
    }
  }
}

/// Forms all products at once, in tiles whose sizes depend on nothing but the shapes.
///
/// Each tile is one sequential call of the BLAS. Its own threads would split some products along
/// `k`, and the number of threads would then change the last digits of the sum.
private func multiply(
  _ products: [MatrixProduct], into out: UnsafeMutablePointer<Float>, adding: Bool
) {
  nonisolated(unsafe) let out = unsafe out
  let tiles = products.indices.flatMap { index in
    tileRanges(of: products[index].target).map {
      (product: index, rows: $0.rows, columns: $0.columns)
    }
  }
  parallelFor(tiles.count) { index in
    let tile = tiles[index]
    let product = products[tile.product]
    unsafe sgemm(
      product.left, rows: tile.rows, product.right, columns: tile.columns,
      into: out + product.target.rows(tile.rows).offset + tile.columns.lowerBound,
      stride: product.target.stride, adding: adding)
  }
}

/// Even ranges of a target: large enough to amortise packing, many enough to share among threads.
private func tileRanges(of target: MatrixLayout) -> [(rows: Range<Int>, columns: Range<Int>)] {
  guard target.rowCount > 0, target.columnCount > 0 else { return [] }
  let rows = evenRanges(of: target.rowCount, atMost: 256)
  let columns = evenRanges(of: target.columnCount, atMost: 384)
  return columns.flatMap { columns in rows.map { ($0, columns) } }
}

/// Splits `0..<count` into ranges of nearly equal length, multiples of 16 but for the last.
package func evenRanges(of count: Int, atMost limit: Int) -> [Range<Int>] {
  guard count > 0 else { return [] }
  let parts = (count + limit - 1) / limit
  let length = ((count + parts - 1) / parts + 15) / 16 * 16
  return stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
}

/// One sequential product: out[rows, columns] = left[rows, :] · right[:, columns], or added to it.
func sgemm(
  _ left: Matrix, rows: Range<Int>, _ right: Matrix, columns: Range<Int>,
  into out: UnsafeMutablePointer<Float>, stride: Int, adding: Bool
) {
  let beta: Float = adding ? 1 : 0
  let (a, b) = (left.layout, right.layout)
  let aOffset = a.offset + rows.lowerBound * (left.isTransposed ? 1 : a.stride)
  let bOffset = b.offset + columns.lowerBound * (right.isTransposed ? b.stride : 1)
  unsafe left.elements.withUnsafeBufferPointer { aBuffer in
    unsafe right.elements.withUnsafeBufferPointer { bBuffer in
      guard let aBase = aBuffer.baseAddress, let bBase = bBuffer.baseAddress else { return }
      #if canImport(Accelerate)
        unsafe cblas_sgemm(
          CblasRowMajor, left.isTransposed ? CblasTrans : CblasNoTrans,
          right.isTransposed ? CblasTrans : CblasNoTrans, Int32(rows.count), Int32(columns.count),
          Int32(left.columnCount), 1, aBase + aOffset, Int32(a.stride), bBase + bOffset,
          Int32(b.stride), beta, out, Int32(stride))
      #else
        let letter = { CChar(UInt8(ascii: $0 ? "T" : "N")) }
        let status = unsafe dnnl_sgemm(
          letter(left.isTransposed), letter(right.isTransposed), Int64(rows.count),
          Int64(columns.count), Int64(left.columnCount), 1, aBase + aOffset, Int64(a.stride),
          bBase + bOffset, Int64(b.stride), beta, out, Int64(stride))
        precondition(status == dnnl_success, "oneDNN refused a matrix product: \(status)")
      #endif
    }
  }
}
