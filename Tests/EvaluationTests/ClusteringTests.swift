import Graphs
import Tensors
import Testing

import Evaluation

/// Clusters of vectors: hand-worked cases, planted clusters, and what no order of the vectors may change.
@Suite struct ClusteringTests {
  /// Vectors around some directions of their own, so many around each.
  private func crowd(_ sizes: [Int], spread: Float, seed: UInt64 = 0, width: Int = 30) -> [[Float]]
  {
    var generator = SeededGenerator(seed: seed)
    return sizes.enumerated().flatMap { direction, count in
      (0..<count).map { _ in
        (0..<width).map { column in
          (column / 4 == direction ? 1 : 0) + Float.random(in: -spread...spread, using: &generator)
        }
      }
    }
  }

  private func planted(_ sizes: [Int]) -> Partition {
    Partition(sizes.enumerated().flatMap { [Int](repeating: $0, count: $1) })
  }

  @Test func `clusters are numbered by size and place`() {
    let partition = Partition([7, 3, 3, 9, 7, 3])
    #expect(partition.labels == [1, 0, 0, 2, 1, 0])
    #expect(partition.clusters == [[1, 2, 5], [0, 4], [3]])
    #expect(Partition([2, 1, 1, 5, 2, 1]) == partition && Partition([]).clusters.isEmpty)
  }

  /// {a b c}{d e f} against {a b}{c d}{e f}: 2 pairs in both, of 6 and 3 of 15: (2 − 1.2) / (4.5 − 1.2).
  @Test func `adjusted Rand index, worked out by hand`() {
    let (one, other) = (Partition([0, 0, 0, 1, 1, 1]), Partition([0, 0, 1, 1, 2, 2]))
    #expect(abs(one.adjustedRand(with: other) - 0.8 / 3.3) < 1e-12)
    #expect(abs(other.adjustedRand(with: one) - 0.8 / 3.3) < 1e-12)
    #expect(one.adjustedRand(with: Partition([5, 5, 5, 2, 2, 2])) == 1)
    let whole = Partition([0, 0, 0])
    #expect(whole.adjustedRand(with: whole) == 1)
    #expect(whole.adjustedRand(with: Partition([0, 0, 1])) == 0)
  }

  /// Angles 0°, 60°, 90°; of a vector of zeros and one that is not a number nothing is known.
  @Test func `cosines`() {
    let vectors: [[Float]] = [
      [2, 0], [1, Float(3).squareRoot()], [0, 1e30], [0, 0], [.nan, -.infinity],
    ]
    let found = Similarities(of: vectors)
    for (one, other, cosine) in [
      (0, 0, 1.0), (0, 1, 0.5), (0, 2, 0), (1, 2, 0.75.squareRoot()), (0, 3, 0), (3, 3, 1),
      (3, 4, 0),
    ] {
      #expect(abs(found[one, other] - cosine) < 1e-6 && found[one, other] == found[other, one])
      #expect(found.distance(one, other) == 1 - found[one, other])
    }
  }

  /// Distances 0.5 within, 1 and 0.5 and so on between: a = 0.5, b = 1 for the first of {0° 60°} {90°…}.
  @Test func `silhouettes, worked out by hand`() {
    // On a line of angles the cosines are given as products.
    let products: [Double] = [1, 0.9, 0.1, 0.3, 0.9, 1, 0.2, 0, 0.1, 0.2, 1, 0.6, 0.3, 0, 0.6, 1]
    let found = Similarities(products: products, count: 4)
    let silhouettes = found.silhouettes(of: Partition([0, 0, 1, 1]))
    // a = 0.1, b = (0.9 + 0.7) / 2; a = 0.1, b = (0.8 + 1) / 2; a = 0.4, b = 0.85; a = 0.4, b = 0.85.
    for (one, other) in zip(silhouettes, [0.7 / 0.8, 0.8 / 0.9, 0.45 / 0.85, 0.45 / 0.85]) {
      #expect(abs(one - other) < 1e-12)
    }
    #expect(found.silhouettes(of: Partition([0, 0, 0, 0])) == [0, 0, 0, 0])
    #expect(found.silhouettes(of: Partition([0, 0, 0, 1]))[3] == 0)
  }

  /// 0 and 1 are joined at 0.1, 2 and 3 at 0.4, both at the mean of 0.9, 0.7, 0.8 and 1.
  @Test func `average linkage, worked out by hand`() {
    let products: [Double] = [1, 0.9, 0.1, 0.3, 0.9, 1, 0.2, 0, 0.1, 0.2, 1, 0.6, 0.3, 0, 0.6, 1]
    let tree = AverageLinkage(Similarities(products: products, count: 4))
    #expect(tree.partition(clusterCount: 3) == Partition([0, 0, 1, 2]))
    #expect(tree.partition(clusterCount: 2) == Partition([0, 0, 1, 1]))
    #expect(tree.partition(clusterCount: 1) == Partition([0, 0, 0, 0]))
    #expect(tree.partition(clusterCount: 4).clusters.count == 4)
  }

  @Test func `average linkage is what joining the nearest again and again gives`() {
    let similarities = Similarities(of: crowd([5, 4, 6], spread: 1.5, seed: 3))
    let tree = AverageLinkage(similarities)
    var clusters = (0..<15).map { [$0] }
    while clusters.count > 1 {
      let labels = (0..<15).map { thing in clusters.firstIndex { $0.contains(thing) } ?? 0 }
      #expect(tree.partition(clusterCount: clusters.count) == Partition(labels))
      let pairs = clusters.indices.flatMap { one in
        clusters.indices.dropFirst(one + 1).map { (one, $0) }
      }
      let nearest = pairs.max {
        similarities.mean(clusters[$0.0], clusters[$0.1])
          < similarities.mean(clusters[$1.0], clusters[$1.1])
      }
      guard let (one, other) = nearest else { return }
      clusters[one] += clusters.remove(at: other)
    }
  }

  @Test(arguments: [[20, 20], [30, 12, 9], [8, 40]]) func `planted clusters are found`(sizes: [Int])
  {
    let vectors = crowd(sizes, spread: 0.7)
    let found = PromptClusters(Similarities(of: vectors), seed: 0)
    let (isSplit, labels) = (found.isSplit, found.partition(of: vectors.count))
    #expect(
      isSplit && labels == planted(sizes), "\(found.best?.silhouette ?? 0) \(found.deviation ?? 0)")
    #expect(found.agreement ?? 0 > 0.9)
    for algorithm in PromptClusters.Algorithm.allCases {
      let split = found.splits.first {
        $0.algorithm == algorithm && $0.partition.clusters.count == sizes.count
      }
      #expect(split?.partition.adjustedRand(with: planted(sizes)) ?? 0 > 0.9)
    }
  }

  @Test func `the order of prompts changes nothing but their places`() {
    let vectors = crowd([14, 10, 8], spread: 0.4)
    var generator = SeededGenerator(seed: 5)
    let order = vectors.indices.shuffled(using: &generator)
    let found = PromptClusters(Similarities(of: vectors), seed: 0).partition(of: 32)
    let shuffled = PromptClusters(Similarities(of: order.map { vectors[$0] }), seed: 0)
      .partition(of: 32)
    #expect(shuffled == Partition(order.map { found.labels[$0] }))
    let again = PromptClusters(Similarities(of: vectors), seed: 0).partition(of: 32)
    #expect(again == found)
  }

  /// One direction with noise of its own for each vector, with noise along few directions, with outliers; nothing at all.
  @Test(arguments: 0..<4 as Range<UInt64>) func `one crowd is not divided`(seed: UInt64) {
    let broad = crowd([40], spread: 1, seed: seed)
    var generator = SeededGenerator(seed: seed)
    let narrow = (0..<40).map { _ in
      let (x, y) = (
        Float.random(in: -1...1, using: &generator), Float.random(in: -1...1, using: &generator)
      )
      return [1, x, x, y]
    }
    var outlying = crowd([40], spread: 0.4, seed: seed)
    for place in [7, 21, 30] { outlying[place] = outlying[place].map { -$0 } }
    for vectors in [broad, narrow, outlying, [[Float]](repeating: [1, 2], count: 40)] {
      let found = PromptClusters(Similarities(of: vectors), seed: seed)
      let isSplit = found.isSplit
      #expect(!isSplit, "\(found.best?.silhouette ?? 0) \(found.deviation ?? 0)")
      #expect(found.partition(of: 40).clusters.count == 1)
    }
  }

  /// Two sharp crowds whose directions are nearly the same have one circuit.
  @Test func `what hardly differs is one`() {
    var generator = SeededGenerator(seed: 1)
    let vectors = (0..<40).map { prompt -> [Float] in
      [10, prompt < 20 ? 0.5 : -0.5, Float.random(in: -0.01...0.01, using: &generator)]
    }
    let found = PromptClusters(Similarities(of: vectors), seed: 0)
    let isSplit = found.isSplit
    #expect(found.best?.silhouette ?? 0 > 0.9 && !isSplit)
    #expect(found.separation < PromptClusters.leastSeparation)
  }

  @Test func `few prompts are one cluster`() {
    for count in 1...3 {
      let found = PromptClusters(
        Similarities(of: Array(crowd([1, 1, 1], spread: 0).prefix(count))), seed: 0)
      let isSplit = found.isSplit
      #expect(!isSplit && found.best == nil && found.agreement == nil)
      #expect(found.partition(of: count).clusters.count == 1)
    }
  }

  @Test func `a reference has the mean and the spread of what it stands for`() {
    let similarities = Similarities(of: crowd([10, 30], spread: 0.5))
    var generator = SeededGenerator(seed: 2)
    let all = Array(0..<40)
    let means = (0..<30).map { _ in
      similarities.gaussianReference(using: &generator).mean(all, all)
    }
    let mean = means.reduce(0, +) / 30
    #expect(abs(mean - similarities.mean(all, all)) < 0.08, "\(mean)")
  }
}
