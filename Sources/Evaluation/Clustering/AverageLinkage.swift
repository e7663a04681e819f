/// Hierarchical clustering by average linkage (UPGMA): the two clusters whose members are nearest on average are joined,
/// again and again.
///
/// Joins are found as chains of nearest neighbours (Murtagh 1983), which gives the same tree in O(n²).
package struct AverageLinkage {
  private struct Join {
    let one: Int
    let other: Int
    let distance: Double
  }

  private let count: Int
  /// The joins, nearest first, each named by a member of either cluster.
  private let joins: [Join]

  package init(_ similarities: Similarities) {
    let count = similarities.count
    self.count = count
    var distances = (0..<count).map { row in
      (0..<count).map { similarities.distance(row, $0) }
    }
    var sizes = [Int](repeating: 1, count: count)
    var open = Array(0..<count)
    var joins: [Join] = []
    var chain: [Int] = []
    while open.count > 1 {
      if chain.isEmpty { chain = [open[0]] }
      let last = chain[chain.count - 1]
      let before = chain.dropLast().last
      // The cluster before wins a tie, so that the chain ends.
      var nearest = before ?? open.first { $0 != last } ?? last
      for other in open where other != last && distances[last][other] < distances[last][nearest] {
        nearest = other
      }
      guard nearest == before else {
        chain.append(nearest)
        continue
      }
      chain.removeLast(2)
      let (kept, gone) = (min(last, nearest), max(last, nearest))
      joins.append(Join(one: kept, other: gone, distance: distances[last][nearest]))
      let (own, others) = (Double(sizes[kept]), Double(sizes[gone]))
      open.removeAll { $0 == gone }
      for other in open where other != kept {
        let mean = (own * distances[kept][other] + others * distances[gone][other]) / (own + others)
        distances[kept][other] = mean
        distances[other][kept] = mean
      }
      sizes[kept] += sizes[gone]
    }
    self.joins = joins.enumerated().sorted {
      ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset)
    }.map(\.element)
  }

  /// The division into so many clusters: that before the last joins.
  package func partition(clusterCount: Int) -> Partition {
    var parents = Array(0..<count)
    func root(_ thing: Int) -> Int {
      var thing = thing
      while parents[thing] != thing { thing = parents[thing] }
      return thing
    }
    for join in joins.prefix(max(count - clusterCount, 0)) {
      parents[root(join.other)] = root(join.one)
    }
    return Partition((0..<count).map(root))
  }
}
