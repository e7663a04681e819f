/// A product of two matrices and the window that it is written to.
package struct MatrixProduct: Sendable {
  let left: Matrix
  let right: Matrix
  package let target: MatrixLayout

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
    return products(shape: shape, [MatrixProduct(left, right, into: target)])
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
    return Tensor(shape: shape, on: products.first?.left.storage.device ?? .cpu) {
      $0.multiply(products, into: $1, adding: false)
    }
  }

  /// Adds products of matrices to windows of this tensor.
  ///
  /// - Parameter products: Products whose windows do not overlap.
  package mutating func add(_ products: [MatrixProduct]) { form(products, adding: true) }

  /// Writes products of matrices over windows of this tensor.
  ///
  /// - Parameter products: Products whose windows do not overlap.
  package mutating func replace(_ products: [MatrixProduct]) { form(products, adding: false) }

  private mutating func form(_ products: [MatrixProduct], adding: Bool) {
    let count = count
    precondition(products.allSatisfy { $0.target.end <= count }, "a product outside of \(shape)")
    guard count > 0 else { return }
    let out = writable()
    backend.multiply(products, into: out, adding: adding)
  }
}

/// Splits `0..<count` into ranges of nearly equal length, multiples of 16 but for the last.
package func evenRanges(of count: Int, atMost limit: Int) -> [Range<Int>] {
  guard count > 0 else { return [] }
  let parts = (count + limit - 1) / limit
  let length = ((count + parts - 1) / parts + 15) / 16 * 16
  return stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
}
