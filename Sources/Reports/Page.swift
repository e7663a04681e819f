/// How much room a text has.
public struct Page: Sendable {
  /// How many rows tables of edges and nodes show.
  public var rows: Int
  /// How many columns tables may have: wider ones are shown as several tables, one below the other.
  public var columns: Int

  /// So many rows and columns.
  public init(rows: Int = 20, columns: Int = .max) {
    self.rows = rows
    self.columns = columns
  }
}
