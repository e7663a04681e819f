/// Records of feature circuits (arXiv 2403.19647): `clean_prefix`, `patch_prefix` and an answer to each.
enum FeatureCircuitPairs: TaskFormat {
  static let fields = "clean_prefix, patch_prefix, clean_answer and patch_answer"

  static func fits(_ fields: RecordFields) -> Bool { fields.has("clean_prefix", "patch_prefix") }

  static func record(_ fields: RecordFields) throws(RecordProblem) -> TaskRecord {
    let clean = try fields.prompt("clean_prefix")
    return TaskRecord(
      clean: clean, corrupted: try fields.prompt("patch_prefix"),
      answers: try fields.answers(["clean_answer"], to: clean),
      wrongAnswers: try fields.answers(["patch_answer"], to: clean))
  }
}
