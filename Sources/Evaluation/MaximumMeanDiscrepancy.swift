import Foundation
public import Tensors

/// How far two samples are from having one distribution: the maximum mean discrepancy, and how often chance is as far.
///
/// With a Gaussian kernel `k(a, b) = exp(−‖a − b‖² / 2σ²)`, σ² half the median of squared distances of all pairs, the unbiased
/// estimate (Gretton et al., 2012; of activations in arXiv 2302.04369) is
///
///     MMD² = mean k(x, x′) + mean k(y, y′) − 2 mean k(x, y)
///
/// over pairs of different points. It is near 0, and may be below, when both samples have one distribution.
public struct MaximumMeanDiscrepancy: Sendable, Equatable {
  /// The estimate of MMD².
  public let value: Double
  /// The share of random divisions of all points into two samples, this one among them, that are at least as far apart.
  public let pValue: Double

  /// Compares two samples.
  ///
  /// - Parameters:
  ///   - one: `[point, dimension]`, at least 2 points.
  ///   - other: Another sample of the same dimension, at least 2 points.
  ///   - permutations: How many random divisions are tried.
  ///   - seed: Where random choices start.
  /// - Complexity: O(points²) for each division.
  public init(_ one: Tensor, _ other: Tensor, permutations: Int = 999, seed: UInt64 = 0) {
    let kernel = Kernel(one, other)
    let count = one.rowCount
    let observed = kernel.discrepancy(of: Array(0..<count))
    var generator = SeededGenerator(seed: seed)
    var order = Array(0..<(count + other.rowCount))
    // Sums in another order differ in their last bits.
    let least = observed - 1e-12
    let farther = (0..<permutations).count { _ in
      order.shuffle(using: &generator)
      return kernel.discrepancy(of: Array(order.prefix(count))) >= least
    }
    value = observed
    pValue = Double(farther + 1) / Double(permutations + 1)
  }

  /// The kernel of every two points of both samples.
  private struct Kernel {
    let count: Int
    /// `[point, point]`, 0 on the diagonal.
    let values: [Double]
    /// The sums of its rows.
    let sums: [Double]

    init(_ one: Tensor, _ other: Tensor) {
      precondition(
        one.columnCount == other.columnCount && min(one.rowCount, other.rowCount) > 1,
        "samples \(one.shape) and \(other.shape)")
      let count = one.rowCount + other.rowCount
      let distances = Self.distances(one, other)
      let pairs = (0..<count).flatMap { row in
        ((row + 1)..<count).map { distances[row * count + $0] }
      }.sorted()
      let median = pairs[pairs.count / 2]
      let scale = median > 0 ? median : max(pairs[pairs.count - 1], 1e-30)
      let values = distances.enumerated().map { place, distance in
        place / count == place % count ? 0 : exp(-distance / scale)
      }
      sums = (0..<count).map { row in
        (0..<count).reduce(0) { $0 + values[row * count + $1] }
      }
      self.values = values
      self.count = count
    }

    /// Squared distances; points are moved to their mean first, where products lose no digits.
    private static func distances(_ one: Tensor, _ other: Tensor) -> [Double] {
      let width = one.columnCount
      var points = one.values() + other.values()
      let count = points.count / width
      for column in 0..<width {
        let mean =
          (0..<count).reduce(0.0) { $0 + Double(points[$1 * width + column]) } / Double(count)
        for row in 0..<count { points[row * width + column] -= Float(mean) }
      }
      let centred = Tensor(points, shape: [count, width])
      let products = Tensor.product(centred.matrix, centred.matrix.transposed).values()
      return (0..<(count * count)).map { place in
        let (row, column) = (place / count, place % count)
        let squares =
          Double(products[row * count + row]) + Double(products[column * count + column])
        return max(squares - 2 * Double(products[place]), 0)
      }
    }

    /// The unbiased estimate when some points are one sample, and all others the other.
    func discrepancy(of some: [Int]) -> Double {
      let inside = some.reduce(0) { sum, row in
        some.reduce(sum) { $0 + values[row * count + $1] }
      }
      let across = some.reduce(0) { $0 + sums[$1] } - inside
      let outside = sums.reduce(0, +) - inside - 2 * across
      let (m, n) = (Double(some.count), Double(count - some.count))
      return inside / (m * (m - 1)) + outside / (n * (n - 1)) - 2 * across / (m * n)
    }
  }
}
