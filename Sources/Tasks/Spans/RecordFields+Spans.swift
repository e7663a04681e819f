import Files

extension RecordFields {
  /// Parts of a prompt by their names: `{"subject": "keys", "S2": ["Tom", 2], "verb": [5, 6]}`, each a text, a text and
  /// which time it occurs, or the first and the last of some tokens; nil when the field is not there.
  ///
  /// - Throws: ``RecordProblem`` for anything else.
  func marks(_ name: String) throws(RecordProblem) -> [SpanMark]? {
    guard let value = values[name] else { return nil }
    guard case .object(let object) = value else {
      throw RecordProblem("\(name) should be an object of names and texts, found \(value)")
    }
    return try object.keys.sorted().map { key throws(RecordProblem) in
      guard let value = object[key], let place = SpanMark.Place(value) else {
        throw RecordProblem(
          """
          the span \(key) should be a text, a text and which time it occurs, or its first and last token, found \
          \(object[key].map { "\($0)" } ?? "nothing")
          """)
      }
      return SpanMark(key, place)
    }
  }

  /// A list of texts; nil when the field is not there.
  ///
  /// - Throws: ``RecordProblem`` for anything else.
  func texts(_ name: String) throws(RecordProblem) -> [String]? {
    guard let value = values[name] else { return nil }
    guard case .list(let list) = value else {
      throw RecordProblem("\(name) should be a list of texts, found \(value)")
    }
    return try list.map { item throws(RecordProblem) in
      guard case .text(let text) = item else {
        throw RecordProblem("\(name) should be a list of texts, found \(item) in it")
      }
      return text
    }
  }
}

extension SpanMark.Place {
  /// Reads a place; nil for what is none.
  fileprivate init?(_ value: FieldValue) {
    switch value {
    case .text(let text) where !text.isEmpty: self = .text(text, occurrence: 1)
    case .list(let list) where list.count == 2:
      switch (list[0], list[1]) {
      case (.text(let text), .integer(let number)) where number > 0 && !text.isEmpty:
        self = .text(text, occurrence: number)
      case (.integer(let first), .integer(let last)) where 0 <= first && first <= last:
        self = .tokens(first...last)
      default: return nil
      }
    default: return nil
    }
  }
}
