extension Tensor {
  /// Rows that are zero but for some entries, `[rows, columns]`; entries of one place add up.
  package init(rowsWithEntries rows: [[(column: Int32, value: Float)]], columnCount: Int) {
    self.init(zeros: [rows.count, columnCount])
    for (row, entries) in rows.enumerated() {
      for (column, value) in entries { elements[row * columnCount + Int(column)] += value }
    }
  }

  /// The inner product of each row with the same row of another tensor, in Float64.
  ///
  /// Made for `other` with few entries: its zeros are passed over.
  package func rowProducts(_ other: Tensor) -> [Double] {
    precondition(shape == other.shape, "products of rows of \(shape) and \(other.shape)")
    return (0..<rowCount).map { row in
      zip(self.row(row), other.row(row)).reduce(0) { sum, pair in
        pair.1 == 0 ? sum : sum + Double(pair.0) * Double(pair.1)
      }
    }
  }
}
