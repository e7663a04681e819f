extension EdgeScores {
  /// The mean of scores of one graph, each as often as its weight says.
  ///
  /// Where all of them follow from scores of nodes, it is that of the nodes which edges follow from.
  ///
  /// - Parameters:
  ///   - parts: The scores.
  ///   - weights: How often each of them counts; nil for once.
  public init(meanOf parts: [EdgeScores], weights: [Int]? = nil) {
    let weights = weights ?? [Int](repeating: 1, count: parts.count)
    let graph = parts[0].graph
    let nodes = parts.compactMap(\.nodes)
    if nodes.count == parts.count {
      let means = Self.mean(nodes.map { $0.values.map { $0 ?? 0 } }, weights)
      self.init(
        nodes: NodeScores(
          zip(nodes[0].values, means).map { $0 == nil ? nil : $1 }, graph: graph))
    } else {
      self.init(Self.mean(parts.map(\.values), weights), graph: graph)
    }
  }

  /// The mean of lists of one length, place by place.
  private static func mean(_ lists: [[Float]], _ weights: [Int]) -> [Float] {
    var sums = [Double](repeating: 0, count: lists[0].count)
    for (list, weight) in zip(lists, weights) where weight > 0 {
      for (index, value) in list.enumerated() { sums[index] += Double(weight) * Double(value) }
    }
    let total = Double(weights.reduce(0, +))
    return sums.map { Float($0 / total) }
  }
}
