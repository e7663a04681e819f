public import Reports
import Tensors

extension Page {
  /// The room of the terminal that stdout goes to; as wide as it takes where it goes elsewhere.
  public static func terminal(rows: Int = 20) -> Page {
    Page(rows: rows, columns: ProcessSettings.terminalWidth ?? .max)
  }
}
