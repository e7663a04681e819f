/// A division of things into clusters.
public struct Partition: Sendable, Equatable {
  /// The cluster of each thing: 0 is the largest; of two alike that which comes first.
  public let labels: [Int]
  /// For each cluster its members, ascending.
  public let clusters: [[Int]]

  /// Takes a label for each thing; only which are equal matters.
  public init(_ labels: [Int]) {
    var places: [Int: Int] = [:]
    var clusters: [[Int]] = []
    for (thing, label) in labels.enumerated() {
      if let place = places[label] {
        clusters[place].append(thing)
      } else {
        places[label] = clusters.count
        clusters.append([thing])
      }
    }
    clusters.sort { ($1.count, $0[0]) < ($0.count, $1[0]) }
    var own = labels
    for (label, members) in clusters.enumerated() {
      for member in members { own[member] = label }
    }
    self.labels = own
    self.clusters = clusters
  }

  /// How far two divisions of the same things agree beyond chance: 1 when they are the same, about 0 when one says
  /// nothing of the other (adjusted Rand index, Hubert and Arabie 1985).
  ///
  /// With `n_ij` things in cluster i of one and j of the other, `a = Σ C(n_i, 2)`, `b = Σ C(n_j, 2)` and
  /// `e = a b / C(n, 2)` it is `(Σ C(n_ij, 2) − e) / ((a + b) / 2 − e)`.
  public func adjustedRand(with other: Partition) -> Double {
    precondition(labels.count == other.labels.count, "divisions of different things")
    let pairs = { (counts: [Int]) in counts.reduce(0.0) { $0 + Double($1 * ($1 - 1)) / 2 } }
    let (own, others) = (pairs(clusters.map(\.count)), pairs(other.clusters.map(\.count)))
    let both = clusters.reduce(0.0) { sum, members in
      var counts = [Int](repeating: 0, count: other.clusters.count)
      for member in members { counts[other.labels[member]] += 1 }
      return sum + pairs(counts)
    }
    let all = pairs([labels.count])
    let chance = all > 0 ? own * others / all : 0
    let most = (own + others) / 2
    return most == chance ? (self == other ? 1 : 0) : (both - chance) / (most - chance)
  }
}
