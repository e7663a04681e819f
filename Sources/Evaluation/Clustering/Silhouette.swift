extension Similarities {
  /// How well each vector lies in its cluster, from −1 to 1 (Rousseeuw 1987).
  ///
  /// With `a` the mean distance to the others of its cluster and `b` the least mean distance to those of another one, it
  /// is `(b − a) / max(a, b)`; 0 for a vector alone in its cluster, and where there is one cluster only.
  public func silhouettes(of partition: Partition) -> [Double] {
    precondition(partition.labels.count == count, "a division of other things")
    let clusters = partition.clusters
    guard clusters.count > 1 else { return [Double](repeating: 0, count: count) }
    return (0..<count).map { vector in
      var sums = [Double](repeating: 0, count: clusters.count)
      for other in 0..<count where other != vector {
        sums[partition.labels[other]] += distance(vector, other)
      }
      let label = partition.labels[vector]
      guard clusters[label].count > 1 else { return 0 }
      let own = sums[label] / Double(clusters[label].count - 1)
      let nearest = clusters.indices.filter { $0 != label }.map {
        sums[$0] / Double(clusters[$0].count)
      }.reduce(.infinity, min)
      let larger = max(own, nearest)
      return larger > 0 ? (nearest - own) / larger : 0
    }
  }
}
