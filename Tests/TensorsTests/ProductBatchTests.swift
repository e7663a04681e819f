import Tensors
import TestSupport
import Testing

/// Products that are asked for together, and large ones in parts.
@Suite struct ProductBatchTests {
  let x = Tensor.random([4, 12], seed: 1)
  let weight = Tensor.random([6, 12], seed: 2)

  private func product(_ head: Int, _ block: Int) -> MatrixProduct {
    let columns = (head * 2)..<(head * 2 + 2)
    let target = MatrixLayout(offset: block * 24, rowCount: 4, columnCount: 6, stride: 6)
    return MatrixProduct(
      x.matrix.columns(columns), weight.matrix.columns(columns).transposed, into: target)
  }

  @Test func `neighbours at even distances are one batch`() {
    let batches = ProductBatch.batches(of: (0..<6).map { product($0, $0) })
    #expect(batches.map(\.count) == [6])
    #expect(
      [batches[0].steps.left, batches[0].steps.right, batches[0].steps.target] == [2, 2, 24])
  }

  @Test func `an uneven distance, another shape and other memory begin a batch`() {
    let uneven = [0, 1, 3, 5].enumerated().map { product($1, $0) }
    #expect(ProductBatch.batches(of: uneven).map(\.count) == [2, 2])
    let whole = MatrixProduct(x.matrix, weight.matrix.transposed, into: uneven[0].target)
    #expect(ProductBatch.batches(of: [product(0, 0), whole]).map(\.count) == [1, 1])
    let other = ProductBatchTests()
    #expect(ProductBatch.batches(of: [product(0, 0), other.product(1, 1)]).map(\.count) == [1, 1])
  }

  @Test func `a product with long sums is formed in equal parts`() throws {
    let (left, right) = (Tensor.random([3, 640], seed: 5), Tensor.random([5, 640], seed: 6))
    let product = Tensor.product(left.matrix, right.matrix.transposed)
    let whole = try #require(
      ProductBatch.batches(of: [
        MatrixProduct(left.matrix, right.matrix.transposed, into: product.layout)
      ]).first)
    #expect(whole.parts(from: 641) == nil)
    let parts = try #require(whole.parts(from: 640))
    #expect(parts.count == 64)
    #expect([parts.steps.left, parts.steps.right, parts.steps.target] == [10, 10, 15])
  }

  @Test(arguments: [1, 24, 30, 1000]) func `parts add up to the product`(numbers: Int) throws {
    for isTransposed in [true, false] {
      let right = isTransposed ? weight.matrix.transposed : weight.matrix
      let left = Tensor.random([5, right.rowCount], seed: 3)
      let layout = MatrixLayout(
        offset: 0, rowCount: 5, columnCount: right.columnCount, stride: right.columnCount)
      let batch = try #require(
        ProductBatch.batches(of: [MatrixProduct(left.matrix, right, into: layout)]).first)
      let parts = batch.panels(of: numbers, adding: false) { _ in false }
      #expect(parts.count == [1: 6, 24: 3, 30: 3, 1000: 1][numbers])
      var sum = Tensor.random([5, right.columnCount], seed: 4)
      for (part, adding) in parts {
        if adding { sum.add([part.first]) } else { sum.replace([part.first]) }
      }
      expectClose(sum, .product(left.matrix, right), relative: 1e-6)
      #expect(batch.panels(of: numbers, adding: true) { _ in true }.count == 1)
    }
  }
}
