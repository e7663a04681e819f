public import Reports

/// Something of which there are several, such as the known methods, for people and for programs.
public struct Listing: Sendable {
  /// Tables, one below the other, or lines between them.
  let parts: [Part]
  private let encoded: @Sendable () throws -> String

  enum Part: Sendable {
    case line(String)
    case table(TextTable)
  }

  init(_ value: some Encodable & Sendable, _ parts: Part...) {
    self.parts = parts
    encoded = { try sortedJSON(value) }
  }

  /// The tables.
  public func text(on page: Page = Page()) -> String {
    parts.map { part in
      switch part {
      case .line(let line): line
      case .table(let table): table.text(on: page)
      }
    }.joined(separator: "\n\n")
  }

  /// Everything that is listed as JSON with sorted keys.
  public func json() throws -> String { try encoded() }
}
