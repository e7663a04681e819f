/// Records with `clean` and `corrupted`: those of Edgewise, auto-circuit (which writes `corrupt`) and EAP-IG, whose
/// columns of answers hold token ids when their names end in `_idx`.
enum CleanCorruptedPairs: TaskFormat {
  static let fields =
    "clean and corrupted (text or token ids), answers and wrong_answers (texts or ids)"

  /// What right answers are called, and what wrong ones are called with them.
  static let answers = [
    ("answers", "wrong_answers"), ("correct_idx", "incorrect_idx"),
    ("answers_idx", "corrupted_answers_idx"), ("country_idx", "corrupted_country_idx"),
    ("clean_answer_idx", "corrupted_answer_idx"), ("label", "incorrect_label"),
  ]

  static func fits(_ fields: RecordFields) -> Bool {
    fields.has("clean") && (fields.has("corrupted") || fields.has("corrupt"))
  }

  static func record(_ fields: RecordFields) throws(RecordProblem) -> TaskRecord {
    let clean = try fields.prompt("clean")
    let corrupted = try fields.prompt(fields.has("corrupt") ? "corrupt" : "corrupted")
    var record = TaskRecord(clean: clean, corrupted: corrupted)
    // A label alone, such as the year of greater-than, says nothing of which tokens are right.
    let names = answers.first {
      fields.has($0.0) && ($0.0 != "label" || fields.has($0.1)) || fields.has($0.1)
    }
    if let names {
      record.answers = try fields.answers([names.0], to: clean)
      record.wrongAnswers = try fields.answers([names.1], to: clean)
    }
    record.marks = try fields.marks("spans")
    record.labels = try fields.texts("labels")
    return record
  }
}
