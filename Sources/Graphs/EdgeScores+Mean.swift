extension EdgeScores {
  /// The mean of scores of one graph, each as often as its weight says.
  ///
  /// - Parameters:
  ///   - parts: The scores.
  ///   - weights: How often each of them counts; nil for once.
  public init(meanOf parts: [EdgeScores], weights: [Int]? = nil) {
    let weights = weights ?? [Int](repeating: 1, count: parts.count)
    var sums = [Double](repeating: 0, count: parts[0].values.count)
    for (part, weight) in zip(parts, weights) where weight > 0 {
      for (index, value) in part.values.enumerated() {
        sums[index] += Double(weight) * Double(value)
      }
    }
    let total = Double(weights.reduce(0, +))
    self.init(sums.map { Float($0 / total) }, graph: parts[0].graph)
  }
}
