import DeviceCases
import Foundation
import Tensors
import TestSupport
import Testing

/// What is shared under tensors never shows.
@Suite struct StorageTests {
  @Test func `writing to a tensor leaves its copies, slices and other shapes alone`() {
    let whole = Tensor([0, 1, 2, 3, 4, 5], shape: [3, 2])
    var (copy, part, other) = (whole, whole.slice(1..<2), whole.reshaped([6]))
    copy.scale(by: 2)
    part.scale(by: 10)
    other.add(Tensor([1], shape: [1]), at: 5)
    #expect(whole.values() == [0, 1, 2, 3, 4, 5])
    #expect(copy.values() == [0, 2, 4, 6, 8, 10])
    #expect(part.values() == [20, 30])
    #expect(other.values() == [0, 1, 2, 3, 4, 6])
    // By now each has numbers of its own.
    part.scale(by: 2)
    #expect(part.values() == [40, 60] && copy.slice(1..<2).values() == [4, 6])
  }

  @Test func `bytes that a tensor borrows are not written to`() {
    let numbers = (0..<32).map(Float.init)
    let bytes = Tensor(numbers, shape: [32]).littleEndianBytes
    var borrowed = Tensor(mapping: bytes, as: .f32, shape: [32])
    borrowed.scale(by: 2)
    #expect(borrowed.values() == numbers.map { 2 * $0 })
    #expect(Tensor(mapping: bytes, as: .f32, shape: [32]).values() == numbers)
  }

  @Test func `adding to sums leaves their copies alone`() {
    let start = Sums(count: 2)
    var sums = start
    sums.add(Tensor([1, 2], shape: [2]))
    #expect(sums.values() == [1, 2] && start.values() == [0, 0])
  }

  /// Windows that start or end inside of a block are read as if the numbers had been converted before.
  @Test(arguments: ElementFormat.allCases)
  func `products of windows of stored numbers`(format: ElementFormat) {
    let shape = [7, format.blockCount > 32 ? 512 : 480]
    let bytes = format.randomBytes(count: shape.reduce(1, *), seed: 3)
    let stored = Tensor(mapping: bytes, as: format, shape: shape)
    let other = stored.float32
    for columns in [0..<480, 16..<48, 20..<90, 33..<34, 47..<470] {
      for rows in [0..<7, 2..<5] {
        let (own, plain) = (
          stored.matrix.rows(rows).columns(columns), other.matrix.rows(rows).columns(columns)
        )
        let left = Tensor.random([3, rows.count], seed: 1).matrix
        expectClose(.product(left, own), .product(left, plain), relative: 1e-6, "\(columns)")
        let right = Tensor.random([columns.count, 4], seed: 2).matrix
        expectClose(.product(own, right), .product(plain, right), relative: 1e-6, "\(columns)")
      }
    }
  }
}
