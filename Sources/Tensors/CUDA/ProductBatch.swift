/// Products of one shape whose matrices lie at even distances from one another.
package struct ProductBatch {
  package let first: MatrixProduct
  package private(set) var count = 1
  /// Elements from one product's matrices to the next one's.
  package private(set) var steps = Steps(left: 0, right: 0, target: 0)

  package struct Steps: Equatable {
    package let left: Int
    package let right: Int
    package let target: Int
  }

  private init(_ product: MatrixProduct) { first = product }

  /// Products in order, as few batches as neighbours allow; those without elements are left out.
  package static func batches(of products: [MatrixProduct]) -> [ProductBatch] {
    products.reduce(into: []) { batches, product in
      guard product.target.rowCount > 0, product.target.columnCount > 0 else { return }
      guard let last = batches.indices.last, batches[last].append(product) else {
        batches.append(ProductBatch(product))
        return
      }
    }
  }

  /// Takes a product in if it is the next one.
  private mutating func append(_ product: MatrixProduct) -> Bool {
    guard first.left.isAlike(product.left), first.right.isAlike(product.right),
      first.target.isAlike(product.target)
    else { return false }
    let distance = Steps(
      left: product.left.layout.offset - first.left.layout.offset,
      right: product.right.layout.offset - first.right.layout.offset,
      target: product.target.offset - first.target.offset)
    let next = count == 1 ? distance : steps.times(count)
    guard distance == next,
      [distance.left, distance.right, distance.target].allSatisfy({ $0 >= 0 })
    else { return false }
    if count == 1 { steps = distance }
    count += 1
    return true
  }

  /// The batch, or a product whose right side is large in parts of so many numbers of it.
  ///
  /// - Parameters:
  ///   - numbers: How many numbers of the right side a part may have.
  ///   - adding: Whether the product is added.
  ///   - isWhole: Whether a product is never cut.
  /// - Returns: Parts, in the order of their sums, and whether each is added.
  package func panels(
    of numbers: Int, adding: Bool, isWhole: (MatrixProduct) -> Bool
  ) -> [(ProductBatch, adding: Bool)] {
    let right = first.right
    let height = max(numbers / max(right.layout.columnCount, 1), 1)
    guard count == 1, right.layout.rowCount > height, !isWhole(first) else {
      return [(self, adding)]
    }
    return stride(from: 0, to: right.layout.rowCount, by: height).map { start in
      let rows = start..<min(start + height, right.layout.rowCount)
      // Rows of what is stored are columns of the product, or a part of each of its sums.
      let part =
        right.isTransposed
        ? MatrixProduct(first.left, right.rows(rows), into: first.target.columns(rows))
        : MatrixProduct(inner(rows), right.rows(rows), into: first.target)
      return (ProductBatch(part), adding: adding || !right.isTransposed && start > 0)
    }
  }

  /// Equal parts of the sums of one product with many terms, as products into `[part, row, column]` without gaps.
  ///
  /// - Parameter limit: From how many terms on; nil is returned for fewer, and for results that fill a card anyhow.
  /// - Returns: The parts.
  package func parts(from limit: Int) -> ProductBatch? {
    let (terms, target) = (first.left.columnCount, first.target)
    let size = target.rowCount * target.columnCount
    guard count == 1, terms >= limit, terms % Self.partCount == 0, size <= 1 << 20 else {
      return nil
    }
    let length = terms / Self.partCount
    let products = (0..<Self.partCount).map { part in
      let range = (part * length)..<((part + 1) * length)
      return MatrixProduct(
        inner(range), rightInner(range),
        into: MatrixLayout(
          offset: part * size, rowCount: target.rowCount, columnCount: target.columnCount,
          stride: target.columnCount))
    }
    return Self.batches(of: products).first
  }

  /// More made no product faster that was measured.
  private static let partCount = 64

  /// The right side's part of some terms of the sums.
  private func rightInner(_ range: Range<Int>) -> Matrix {
    first.right.isTransposed ? first.right.columns(range) : first.right.rows(range)
  }

  /// The left side's part of some terms of the sums.
  private func inner(_ range: Range<Int>) -> Matrix {
    first.left.isTransposed ? first.left.rows(range) : first.left.columns(range)
  }
}

extension ProductBatch.Steps {
  fileprivate func times(_ factor: Int) -> Self {
    Self(left: left * factor, right: right * factor, target: target * factor)
  }
}

extension MatrixLayout {
  fileprivate func isAlike(_ other: MatrixLayout) -> Bool {
    rowCount == other.rowCount && columnCount == other.columnCount && stride == other.stride
  }
}

extension Matrix {
  fileprivate func isAlike(_ other: Matrix) -> Bool {
    storage === other.storage && isTransposed == other.isTransposed && layout.isAlike(other.layout)
  }
}
