import Foundation

/// Records of Edge Pruning (arXiv 2406.16778): `clean` and `corrupted`, in which the answer to each stands between
/// `<predict>` and `</predict>` and what follows is of no meaning.
enum EdgePruningPairs: TaskFormat {
  static let fields = "clean and corrupted with <predict>…</predict> around the answer to each"

  private static let (open, close) = ("<predict>", "</predict>")

  static func fits(_ fields: RecordFields) -> Bool {
    fields.text("clean")?.contains(open) ?? false
  }

  static func record(_ fields: RecordFields) throws(RecordProblem) -> TaskRecord {
    let (clean, right) = try parts("clean", fields)
    let (corrupted, wrong) = try parts("corrupted", fields)
    return TaskRecord(
      clean: .text(clean), corrupted: .text(corrupted), answers: [.text(right)],
      // Prompts of one answer tell nothing of which token is wrong.
      wrongAnswers: wrong == right ? [] : [.text(wrong)])
  }

  private static func parts(
    _ name: String, _ fields: RecordFields
  ) throws(RecordProblem) -> (prompt: String, answer: String) {
    guard let text = fields.text(name), let start = text.range(of: open),
      let end = text.range(of: close, range: start.upperBound..<text.endIndex)
    else {
      throw RecordProblem("\(name) should be a text with an answer between \(open) and \(close)")
    }
    return (String(text[..<start.lowerBound]), String(text[start.upperBound..<end.lowerBound]))
  }
}
