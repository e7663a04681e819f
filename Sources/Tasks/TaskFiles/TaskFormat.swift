/// A way in which files name the parts of a prompt pair.
protocol TaskFormat: Sendable {
  /// What a record has, in words.
  static var fields: String { get }
  /// Whether a record can be one of this format, by what its fields are called.
  static func fits(_ fields: RecordFields) -> Bool
  /// The pair of a record that fits.
  static func record(_ fields: RecordFields) throws(RecordProblem) -> TaskRecord
}

/// The formats that are known.
enum TaskFormats {
  /// All of them; the first one that fits is a file's.
  static let all: [any TaskFormat.Type] = [
    EdgePruningPairs.self, CleanCorruptedPairs.self, FeatureCircuitPairs.self,
    CounterfactualPairs.self,
  ]

  /// The format of a file, by its first record.
  static func format(of first: RecordFields) throws(RecordProblem) -> any TaskFormat.Type {
    guard let format = all.first(where: { $0.fits(first) }) else {
      let wanted = all.map { $0.fields }.joined(separator: "; or ")
      throw RecordProblem("expected \(wanted); found \(first.names)")
    }
    return format
  }
}
