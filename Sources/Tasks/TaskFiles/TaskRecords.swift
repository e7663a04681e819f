import Files
import Foundation

/// The records of a task file: JSON values one after another, a list of them, or a table.
struct TaskRecords {
  /// The records with their names of fields, in the file's order.
  let fields: [RecordFields]

  /// Reads a file's text, whose content says what it is.
  ///
  /// - Throws: ``TaskError``, which names the record.
  init(_ data: Data, file: String) throws(TaskError) {
    let text: Data
    do { text = try PlainText.utf8(data) } catch {
      throw .unreadable(file: file, reason: error.what)
    }
    let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    switch first {
    case nil: fields = []
    case UInt8(ascii: "{"), UInt8(ascii: "["): fields = try Self.json(text, file)
    default: fields = try Self.table(text, file)
    }
  }

  private static func table(_ text: Data, _ file: String) throws(TaskError) -> [RecordFields] {
    let table: DelimitedTable
    do { table = try DelimitedTable(text) } catch {
      throw .malformed(file: file, record: error.record, error.what)
    }
    let empty = [String](repeating: "", count: table.columns.count)
    do { _ = try TaskFormats.format(of: RecordFields(columns: table.columns, cells: empty)) } catch
    {
      throw .malformed(file: file, record: 0, error.what)
    }
    return table.rows.map { RecordFields(columns: table.columns, cells: $0) }
  }

  private static func json(_ text: Data, _ file: String) throws(TaskError) -> [RecordFields] {
    var values: [FieldValue] = []
    do {
      try FieldValue.forEach(json: text) { values.append($0) }
    } catch {
      throw .malformed(file: file, record: values.count + 1, "\(error)")
    }
    if values.count == 1 {
      switch values[0] {
      case .list(let items): values = items
      case .object(let object):
        if case .list(let items) = object["prompts"] { values = items }
      default: break
      }
    }
    var fields: [RecordFields] = []
    for value in values {
      guard case .object(let object) = value else {
        throw .malformed(
          file: file, record: fields.count + 1, "expected an object with keys, found \(value.kind)")
      }
      fields.append(RecordFields(object))
    }
    return fields
  }
}
