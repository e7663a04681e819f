import Tensors

/// k-means of vectors of length 1, told by their cosines alone.
///
/// The squared distance of a vector to the mean of a cluster C is
/// `G_ii − 2/|C| Σ_j G_ij + 1/|C|² Σ_jl G_jl`, j and l in C, so no mean is ever formed. Seeds are drawn as by k-means++
/// (Arthur and Vassilvitskii 2007), several times over; the division with the least sum of squares stays.
struct KMeans {
  let similarities: Similarities
  let clusterCount: Int
  private static let restarts = 5
  private static let rounds = 100

  /// The best division.
  func partition(using generator: inout SeededGenerator) -> Partition {
    var best: (labels: [Int], cost: Double) = ([], .infinity)
    for _ in 0..<Self.restarts {
      let found = settled(seeds(using: &generator))
      if found.cost < best.cost { best = found }
    }
    return Partition(best.labels)
  }

  /// For each vector the nearest of some that lie far from each other.
  private func seeds(using generator: inout SeededGenerator) -> [Int] {
    let count = similarities.count
    var labels = [Int](repeating: 0, count: count)
    let first = Int.random(in: 0..<count, using: &generator)
    var nearest = (0..<count).map { similarities.distance($0, first) }
    for label in 1..<clusterCount {
      let total = nearest.reduce(0, +)
      var left = Double.random(in: 0..<1, using: &generator) * total
      let seed = nearest.firstIndex { distance in
        left -= distance
        return left < 0
      }
      guard let seed, total > 0 else { break }
      for vector in 0..<count where similarities.distance(vector, seed) < nearest[vector] {
        nearest[vector] = similarities.distance(vector, seed)
        labels[vector] = label
      }
    }
    return labels
  }

  /// Moves every vector to the nearest mean until none moves.
  private func settled(_ start: [Int]) -> (labels: [Int], cost: Double) {
    var labels = start
    var cost = Double.infinity
    for _ in 0..<Self.rounds {
      let (next, sum) = moved(labels)
      cost = sum
      guard next != labels else { break }
      labels = next
    }
    return (labels, cost)
  }

  /// Each vector's nearest mean, and the sum of the squared distances to those.
  private func moved(_ labels: [Int]) -> (labels: [Int], cost: Double) {
    let count = similarities.count
    var sizes = [Double](repeating: 0, count: clusterCount)
    var sums = [Double](repeating: 0, count: count * clusterCount)
    var inner = [Double](repeating: 0, count: clusterCount)
    for (vector, label) in labels.enumerated() {
      sizes[label] += 1
      for other in 0..<count {
        sums[other * clusterCount + label] += similarities.values[vector * count + other]
      }
    }
    for (vector, label) in labels.enumerated() {
      inner[label] += sums[vector * clusterCount + label]
    }
    var (next, cost) = (labels, 0.0)
    for vector in 0..<count {
      var least = Double.infinity
      for label in 0..<clusterCount where sizes[label] > 0 {
        let size = sizes[label]
        let distance =
          1 - 2 * sums[vector * clusterCount + label] / size + inner[label] / (size * size)
        // By less than rounding nothing moves.
        if distance < least - 1e-12 { (least, next[vector]) = (distance, label) }
      }
      cost += least
    }
    return (next, cost)
  }
}
