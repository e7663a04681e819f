/// A table of text with aligned columns, for terminals.
public struct TextTable: Sendable {
  /// How a column is aligned.
  public enum Alignment: Sendable {
    /// Text.
    case left
    /// Numbers.
    case right
  }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// Starts a table.
  ///
  /// - Parameter columns: Titles and alignments.
  public init(_ columns: KeyValuePairs<String, Alignment>) {
    self.init(columns: columns.map { ($0.key, $0.value) })
  }

  /// Starts a table whose columns are not known beforehand.
  public init(columns: [(title: String, alignment: Alignment)]) {
    header = columns.map(\.title)
    alignments = columns.map(\.alignment)
  }

  /// Adds a row with a cell for each column.
  public mutating func add(_ cells: String...) { add(cells: cells) }

  /// Adds a row with a cell for each column.
  public mutating func add(cells: [String]) {
    precondition(cells.count == header.count, "\(cells.count) cells for \(header.count) columns")
    rows.append(cells)
  }

  /// The lines of the table, without spaces at their ends.
  public var text: String {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([header] + rows).map { cells in
      let padded = cells.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - cells[column].count)
        return alignments[column] == .left ? cells[column] + space : space + cells[column]
      }
      let line = padded.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
