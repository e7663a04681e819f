import Tensors

/// Prompts divided by which edges matter to each, and how sure that division is.
///
/// k-means and average linkage each divide the prompts into 2 to 8 clusters by the cosines of their scores, none of them
/// smaller than a tenth of the prompts, so that odd prompts are no cluster. That with the largest mean silhouette is a split
/// when
/// - the mean silhouette of each of its clusters is at least ``leastSilhouette``,
/// - its clusters' mean scores point ``leastSeparation`` apart (1 − cosine), since circuits that are nearly the same are
///   one, however sharply prompts tell them apart, and
/// - its mean silhouette lies ``leastDeviation`` standard deviations above that of 19 sets of vectors of one Gaussian with
///   the same mean and covariance, divided in the same ways.
///
/// Else all prompts are one cluster.
public struct PromptClusters: Sendable, Equatable {
  /// A way to find clusters.
  public enum Algorithm: String, Sendable, CaseIterable, Codable {
    /// The least squared distances to the clusters' means.
    case kMeans = "k-means"
    /// The nearest two clusters joined, again and again.
    case averageLinkage = "average linkage"
  }

  /// A division that was tried.
  public struct Split: Sendable, Equatable {
    /// How it was found.
    public let algorithm: Algorithm
    /// The clusters.
    public let partition: Partition
    /// How well each prompt lies in its cluster.
    public let silhouettes: [Double]
    /// The mean of ``silhouettes``.
    public var silhouette: Double { silhouettes.reduce(0, +) / Double(silhouettes.count) }
  }

  /// The least mean silhouette of a cluster: below it there is no structure (Kaufman and Rousseeuw 1990).
  public static let leastSilhouette = 0.25
  /// How far apart the mean scores of two clusters point at least.
  public static let leastSeparation = 0.1
  /// How many standard deviations a split's silhouette lies above those of sets without clusters at least.
  public static let leastDeviation = 3.0
  private static let mostClusters = 8
  private static let referenceCount = 19

  /// The divisions whose clusters are large enough, by algorithm and number of clusters.
  public let splits: [Split]
  /// The one with the largest silhouette; nil when there is none.
  public let best: Split?
  /// How far apart the mean scores of the best division's nearest two clusters point.
  public let separation: Double
  /// The largest mean silhouettes of sets without clusters, in the order in which they were drawn.
  public let reference: PromptValues

  /// Divides prompts.
  ///
  /// - Parameters:
  ///   - similarities: The cosines of the prompts' scores.
  ///   - seed: Where random choices start.
  /// - Complexity: O(n³) in the number of prompts, for the references.
  public init(_ similarities: Similarities, seed: UInt64) {
    splits = Self.splits(of: similarities, seed: seed)
    let best = Self.best(of: splits)
    self.best = best
    separation = best.map { Self.separation(of: $0.partition, similarities) } ?? 0
    var reference: [Double] = []
    if best != nil {
      orderedTerms(Self.referenceCount, on: .cpu) { draw in
        var generator = SeededGenerator(seed: seed &+ UInt64(draw) &+ 1)
        let others = similarities.gaussianReference(using: &generator)
        return Self.best(of: Self.splits(of: others, seed: seed))?.silhouette ?? 0
      } take: {
        reference.append($1)
      }
    }
    self.reference = PromptValues(reference)
  }

  /// How many standard deviations the best division's silhouette lies above those of sets without clusters; nil where
  /// there is none.
  public var deviation: Double? {
    guard let best, let error = reference.standardError else { return nil }
    let spread = error * Double(reference.values.count).squareRoot()
    return (best.silhouette - reference.mean) / max(spread, 1e-9)
  }

  /// Whether the best division is a split.
  public var isSplit: Bool {
    guard let best, let deviation else { return false }
    let isTight = best.partition.clusters.allSatisfy { members in
      let sum = members.reduce(0) { $0 + best.silhouettes[$1] }
      return sum >= Self.leastSilhouette * Double(members.count)
    }
    return isTight && separation >= Self.leastSeparation && deviation >= Self.leastDeviation
  }

  /// The clusters: those of the best division when it is a split, else all prompts in one.
  public func partition(of promptCount: Int) -> Partition {
    isSplit ? best?.partition ?? Partition([]) : Partition([Int](repeating: 0, count: promptCount))
  }

  /// The best divisions of the two algorithms into as many clusters as the best one has, held against each other; nil
  /// where one of them found none.
  public var agreement: Double? {
    guard let best else { return nil }
    let alike = splits.filter { $0.partition.clusters.count == best.partition.clusters.count }
    return alike.count == 2 ? alike[0].partition.adjustedRand(with: alike[1].partition) : nil
  }

  private static func splits(of similarities: Similarities, seed: UInt64) -> [Split] {
    let least = max(2, (similarities.count + 9) / 10)
    let most = min(mostClusters, similarities.count / least)
    guard most >= 2 else { return [] }
    var generator = SeededGenerator(seed: seed)
    let tree = AverageLinkage(similarities)
    return Algorithm.allCases.flatMap { algorithm in
      (2...most).compactMap { count in
        let partition =
          switch algorithm {
          case .kMeans:
            KMeans(similarities: similarities, clusterCount: count).partition(using: &generator)
          case .averageLinkage: tree.partition(clusterCount: count)
          }
        guard partition.clusters.count == count,
          partition.clusters.allSatisfy({ $0.count >= least })
        else { return nil }
        return Split(
          algorithm: algorithm, partition: partition,
          silhouettes: similarities.silhouettes(of: partition))
      }
    }
  }

  /// The first of those with the largest silhouette, by more than rounding.
  private static func best(of splits: [Split]) -> Split? {
    splits.reduce(nil) { best, split in
      guard let best else { return split }
      return split.silhouette > best.silhouette + 1e-9 ? split : best
    }
  }

  private static func separation(of partition: Partition, _ similarities: Similarities) -> Double {
    let clusters = partition.clusters
    return clusters.indices.flatMap { one in
      clusters.indices.dropFirst(one + 1).map {
        similarities.distanceOfMeans(clusters[one], clusters[$0])
      }
    }.reduce(.infinity, min)
  }
}
