/// Means of rows by group, summed in Float64 and in order.
package struct RowMeans: Sendable {
  private let columnCount: Int
  private var sums: Sums
  private var counts: [Double]

  package init(groupCount: Int, columnCount: Int) {
    self.columnCount = columnCount
    sums = Sums(count: groupCount * columnCount)
    counts = [Double](repeating: 0, count: groupCount)
  }

  /// Adds the rows of a tensor to the groups that `groups` names for them.
  package mutating func add(_ rows: Tensor, groups: [Int32]) {
    precondition(rows.rowCount == groups.count && rows.columnCount == columnCount)
    for (row, group) in groups.enumerated() {
      sums.add(rows.slice(row..<(row + 1)), at: Int(group) * columnCount)
      counts[Int(group)] += 1
    }
  }

  /// The means, `[group, columns]`; 0 for a group without rows.
  package var means: Tensor {
    Tensor(
      sums.values().enumerated().map { index, sum in
        Float(sum / max(counts[index / columnCount], 1))
      }, shape: [counts.count, columnCount], on: sums.device)
  }
}
