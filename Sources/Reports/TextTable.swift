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
  public var text: String { text(of: Array(header.indices)) }

  /// The table where there is room for so many columns of text: one that is wider in parts, each with the first column.
  public func text(on page: Page) -> String {
    var parts: [[Int]] = []
    for column in header.indices.dropFirst() {
      let wider = (parts.last ?? [0]) + [column]
      if parts.isEmpty || width(of: wider) > page.columns && wider.count > 2 {
        parts.append([0, column])
      } else {
        parts[parts.count - 1] = wider
      }
    }
    return parts.isEmpty ? text : parts.map(text).joined(separator: "\n\n")
  }

  private func width(of column: Int) -> Int {
    ([header] + rows).map { $0[column].count }.max() ?? 0
  }

  private func width(of columns: [Int]) -> Int {
    columns.map(width).reduce(2 * (columns.count - 1), +)
  }

  /// Some columns.
  private func text(of columns: [Int]) -> String {
    let widths = columns.map { width(of: $0) }
    return ([header] + rows).map { cells in
      let padded = zip(columns, widths).map { column, width in
        let space = String(repeating: " ", count: width - cells[column].count)
        return alignments[column] == .left ? cells[column] + space : space + cells[column]
      }
      let line = padded.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  /// The table as part of a page.
  var html: String {
    let row = { (cells: [String], tag: String) in
      "<tr>"
        + zip(alignments, cells).map { alignment, cell in
          "<\(tag)\(alignment == .left ? " class=\"name\"" : "")>\(xml(cell))</\(tag)>"
        }.joined() + "</tr>"
    }
    return """
      <div class="wide"><table>\(row(header, "th"))
      \(rows.map { row($0, "td") }.joined(separator: "\n"))
      </table></div>
      """
  }
}
