package import Foundation

/// Text as files have it: compressed or not, in UTF-8 or UTF-16, with a byte-order mark or without.
package enum PlainText {
  /// What is wrong with a file, as part of a sentence.
  package struct Problem: Error {
    package let what: String
  }

  /// The text of a file as UTF-8 without a byte-order mark.
  ///
  /// - Throws: ``Problem`` when it is neither.
  package static func utf8(_ data: Data) throws(Problem) -> Data {
    var data = data
    if Gzip.recognises(data) {
      do { data = try Gzip.expanded(data) } catch {
        throw Problem(what: "the file is gzip, but \(error.what)")
      }
    }
    if data.starts(with: [0xEF, 0xBB, 0xBF]) { data = data.dropFirst(3) }
    if data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF]) {
      guard let text = String(data: data, encoding: .utf16) else {
        throw Problem(what: "the file starts as UTF-16 does, but is none")
      }
      return Data(text.utf8)
    }
    guard String(validating: data, as: UTF8.self) != nil else {
      throw Problem(
        what: "the file is not text: it is neither UTF-8 nor UTF-16 with a byte-order mark")
    }
    return Data(data)
  }
}
