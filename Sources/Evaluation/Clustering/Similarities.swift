import Tensors

/// The cosines between vectors, which is all that clustering needs to know of them.
///
/// The distance of two vectors is 1 − their cosine, half the squared Euclidean distance of the vectors of length 1.
/// A vector of zeros is like itself alone.
public struct Similarities: Sendable, Equatable {
  /// How many vectors there are.
  public let count: Int
  /// The cosines, `[vector, vector]`.
  package let values: [Double]

  /// Compares vectors of one width; of infinite and NaN elements nothing is known, and they count as 0.
  ///
  /// - Complexity: One product of the matrix of vectors with itself.
  public init(of vectors: [[Float]]) {
    let width = vectors.first?.count ?? 0
    precondition(vectors.allSatisfy { $0.count == width }, "vectors of several widths")
    let units = vectors.flatMap(Self.unit)
    let matrix = Tensor(units, shape: [vectors.count, width])
    let products =
      units.isEmpty
      ? [Float](repeating: 0, count: vectors.count * vectors.count)
      : Tensor.product(matrix.matrix, matrix.matrix.transposed).values()
    self.init(products: products.map(Double.init), count: vectors.count)
  }

  /// Takes inner products, of vectors of any length.
  package init(products: [Double], count: Int) {
    self.count = count
    let lengths = (0..<count).map { products[$0 * count + $0].squareRoot() }
    var values = products
    for row in 0..<count {
      for column in 0..<count {
        let length = lengths[row] * lengths[column]
        let cosine = length > 0 ? products[row * count + column] / length : 0
        values[row * count + column] = row == column ? 1 : min(max(cosine, -1), 1)
      }
    }
    self.values = values
  }

  private static func unit(_ vector: [Float]) -> [Float] {
    let known = vector.map { $0.isFinite ? Double($0) : 0 }
    let largest = known.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return [Float](repeating: 0, count: vector.count) }
    let length = known.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot() * largest
    return known.map { Float($0 / length) }
  }

  /// The cosine of two vectors, by their places.
  public subscript(one: Int, other: Int) -> Double { values[one * count + other] }

  /// How far apart two vectors are: 1 − their cosine.
  public func distance(_ one: Int, _ other: Int) -> Double { 1 - self[one, other] }

  /// The mean cosine of a vector of one group and one of another.
  package func mean(_ ones: [Int], _ others: [Int]) -> Double {
    ones.reduce(0.0) { sum, one in others.reduce(sum) { $0 + self[one, $1] } }
      / Double(ones.count * others.count)
  }

  /// How far apart the mean vectors of two groups point: 1 − their cosine.
  package func distanceOfMeans(_ ones: [Int], _ others: [Int]) -> Double {
    let length = (mean(ones, ones) * mean(others, others)).squareRoot()
    return length > 0 ? 1 - mean(ones, others) / length : 1
  }
}
