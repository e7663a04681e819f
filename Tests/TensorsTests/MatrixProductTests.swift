import Tensors
import TestSupport
import Testing

@Suite struct MatrixProductTests {
  /// Sizes around one tile and beyond, none of them a multiple of a vector.
  static let shapes = [[1, 1, 1], [3, 5, 7], [17, 300, 33], [257, 19, 385], [520, 64, 801]]

  @Test(arguments: shapes) func `plain and transposed products equal the naive one`(shape: [Int]) {
    let (m, k, n) = (shape[0], shape[1], shape[2])
    let (a, b) = (Tensor.random([m, k], seed: 1), Tensor.random([k, n], seed: 2))
    let expected = Naive.product(a, b)
    let (at, bt) = (a.transposed(), b.transposed())
    #expect(at.shape == [k, m] && at.transposed() == a)
    for (left, right) in [
      (a.matrix, b.matrix), (at.matrix.transposed, b.matrix), (a.matrix, bt.matrix.transposed),
      (at.matrix.transposed, bt.matrix.transposed),
    ] {
      expectClose(.product(left, right), expected, relative: 1e-5)
    }
  }

  @Test func `products of windows add up, head by head`() {
    let (tokens, heads, width) = (9, 3, 4)
    let x = Tensor.random([tokens, heads * width], seed: 3)
    let weight = Tensor.random([6, heads * width], seed: 4)
    var sum = Tensor.random([tokens, 6], seed: 5)
    let start = sum
    for head in 0..<heads {
      let columns = (head * width)..<((head + 1) * width)
      sum.add([
        MatrixProduct(
          x.matrix.columns(columns), weight.matrix.columns(columns).transposed, into: sum.layout)
      ])
    }
    var expected = Naive.product(x, weight.transposed())
    expected.add(start)
    expectClose(sum, expected, relative: 1e-5)

    let separate = Tensor.products(
      shape: [heads, tokens, 6],
      (0..<heads).map { head in
        let columns = (head * width)..<((head + 1) * width)
        return MatrixProduct(
          x.matrix.columns(columns), weight.matrix.columns(columns).transposed,
          into: MatrixLayout(offset: head * tokens * 6, rowCount: tokens, columnCount: 6, stride: 6)
        )
      })
    var total = Tensor(zeros: [tokens, 6])
    for head in 0..<heads { total.add(separate.slice(block: head)) }
    total.add(start)
    expectClose(total, expected, relative: 1e-5)
  }

  @Test func `even ranges cover everything once`() {
    for count in [1, 15, 16, 17, 383, 384, 385, 5000] {
      let ranges = evenRanges(of: count, atMost: 384)
      #expect(ranges.flatMap { $0 } == Array(0..<count))
      #expect(ranges.allSatisfy { $0.count <= 384 })
    }
  }

  @Test func `results do not depend on the number of threads`() {
    // A shape of several tiles whose sums oneDNN's own threads would split along k.
    let (a, b) = (Tensor.random([500, 9000], seed: 6), Tensor.random([9000, 37], seed: 7))
    let x = Tensor.random([400, 300], seed: 8)
    let results = [1, 2, 3, 7].map { threads in
      ProcessSettings.limitThreads(to: threads)
      defer { ProcessSettings.limitThreads(to: 0) }
      var sums = Sums(count: 300)
      orderedSum(20, on: .cpu, into: &sums) { x.slice(($0 * 20)..<($0 * 20 + 20)).rowSum() }
      return (Tensor.product(a.matrix, b.matrix), x.softmax(), sums.values())
    }
    for result in results.dropFirst() {
      #expect(result.0 == results[0].0 && result.1 == results[0].1 && result.2 == results[0].2)
    }
  }

  @Test func `a shape that does not fit traps with both shapes`() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor.product(Tensor(zeros: [2, 3]).matrix, Tensor(zeros: [4, 5]).matrix)
    }
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2, 3], shape: [2, 2]) }
  }
}
