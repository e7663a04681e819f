import Files
import Foundation
import Graphs

/// A table of cells with commas, semicolons or tabs between them (RFC 4180), held to what it says.
///
/// A cell may be in double quotes, in which a quote is written twice; every other cell is the text between its
/// separators, spaces and all. The first record names the columns, and every other one has as many cells.
struct DelimitedTable {
  let columns: [String]
  let rows: [[String]]

  /// What is wrong, and in which record; the header is 0.
  struct Problem: Error {
    let record: Int
    let what: String
  }

  init(_ text: Data) throws(Problem) {
    let bytes = Array(text)
    var reader = RecordReader(bytes: bytes, separator: Self.separator(bytes))
    guard let header = try reader.next() else {
      throw Problem(record: 0, what: "the file is empty")
    }
    columns = header
    var seen: Set<String> = []
    for column in header where !seen.insert(column).inserted {
      throw Problem(record: 0, what: "the column \"\(column.shortened)\" is there twice")
    }
    var rows: [[String]] = []
    while let row = try reader.next() {
      guard row.count == header.count else {
        throw Problem(
          record: rows.count + 1,
          what: row == [""]
            ? "the line is empty"
            : "expected \(header.count) cells, found \(row.count)"
              + (row.count > header.count
                ? "; a cell with a separator in it is written in quotes" : ""))
      }
      rows.append(row)
    }
    self.rows = rows
  }

  /// The separator that the header has most of.
  private static func separator(_ bytes: [UInt8]) -> UInt8 {
    let header = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    let known = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    let counts = known.map { separator in header.count { $0 == separator } }
    return zip(known, counts).max { $0.1 < $1.1 }.map { $1 > 0 ? $0 : known[0] } ?? known[0]
  }
}

/// Reads the records of a table one after another.
private struct RecordReader {
  let bytes: [UInt8]
  let separator: UInt8
  private var place = 0
  private var record = 0

  init(bytes: [UInt8], separator: UInt8) {
    self.bytes = bytes
    self.separator = separator
  }

  private static let (quote, newline, carriageReturn) = (
    UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")
  )

  /// The cells of the next record; nil at the end.
  mutating func next() throws(DelimitedTable.Problem) -> [String]? {
    guard place < bytes.count else { return nil }
    var cells: [String] = []
    while true {
      cells.append(try cell())
      guard place < bytes.count, bytes[place] == separator else { break }
      place += 1
    }
    if place < bytes.count, bytes[place] == Self.carriageReturn { place += 1 }
    if place < bytes.count, bytes[place] == Self.newline { place += 1 }
    record += 1
    return cells
  }

  private func isEnd(_ byte: UInt8) -> Bool {
    byte == separator || byte == Self.newline || byte == Self.carriageReturn
  }

  private mutating func cell() throws(DelimitedTable.Problem) -> String {
    guard place < bytes.count, bytes[place] == Self.quote else {
      let start = place
      while place < bytes.count, !isEnd(bytes[place]) {
        guard bytes[place] != Self.quote else {
          throw problem("a quote stands inside of a cell that is not in quotes")
        }
        place += 1
      }
      return String(decoding: bytes[start..<place], as: UTF8.self)
    }
    place += 1
    var text: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte != Self.quote {
        text.append(byte)
      } else if place < bytes.count, bytes[place] == Self.quote {
        text.append(byte)
        place += 1
      } else {
        guard place == bytes.count || isEnd(bytes[place]) else {
          throw problem(
            "something follows a cell's closing quote; a quote in a cell is written twice")
        }
        return String(decoding: text, as: UTF8.self)
      }
    }
    throw problem("a cell's quotes are not closed")
  }

  private func problem(_ what: String) -> DelimitedTable.Problem {
    DelimitedTable.Problem(record: record, what: what)
  }
}
