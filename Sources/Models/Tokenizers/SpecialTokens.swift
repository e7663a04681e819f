/// Tokens that are found in the text as they stand, before it is split into pieces.
struct SpecialTokens: Sendable {
  /// A stretch of text without special tokens, or one of them.
  enum Part: Equatable {
    case text(String)
    case special(Int32)
  }

  /// The tokens whose text starts with a byte, longest first.
  private let byFirstByte: [[(bytes: [UInt8], token: Int32)]]

  /// - Parameter tokens: Tokens by their text; one without text is never found.
  init(_ tokens: [String: Int32]) {
    var table = [[(bytes: [UInt8], token: Int32)]](repeating: [], count: 256)
    for (text, token) in tokens.sorted(by: {
      ($1.key.utf8.count, $0.key) < ($0.key.utf8.count, $1.key)
    }) {
      let bytes = Array(text.utf8)
      if let first = bytes.first { table[Int(first)].append((bytes, token)) }
    }
    byFirstByte = table
  }

  /// Cuts the tokens out of a text: from left to right, at each place the longest.
  ///
  /// - Complexity: O(n), times the number of tokens that start with the same byte.
  func split(_ text: String) -> [Part] {
    let bytes = Array(text.utf8)
    var parts: [Part] = []
    var (start, place) = (0, 0)
    let flush = { (end: Int) in
      start < end ? [Part.text(String(decoding: bytes[start..<end], as: UTF8.self))] : []
    }
    while place < bytes.count {
      let found = byFirstByte[Int(bytes[place])].first { bytes[place...].starts(with: $0.bytes) }
      guard let found else {
        place += 1
        continue
      }
      parts += flush(place)
      parts.append(.special(found.token))
      place += found.bytes.count
      start = place
    }
    return parts + flush(bytes.count)
  }
}
