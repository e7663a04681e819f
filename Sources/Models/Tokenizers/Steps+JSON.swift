import Files
import Foundation
import Graphs

// The steps of a tokenizer as `tokenizer.json` describes them: a type with its settings, or a sequence of such.

extension Fields {
  /// The values of a list; empty when it is absent.
  func list(_ name: String) -> [FieldValue] {
    guard case .list(let list) = values[name] else { return [] }
    return list
  }

  /// The objects of a list; none when it is absent.
  func objects(_ name: String) throws(CheckpointError) -> [Fields] {
    var objects: [Fields] = []
    for value in list(name) {
      guard case .object(let values) = value else {
        throw CheckpointError(
          file, .badField(name, expected: "a list of objects", found: "\(value.kind) in it"))
      }
      objects.append(Fields(file: file, values: values))
    }
    return objects
  }

  /// All fields as the numbers of tokens.
  func vocabulary() throws(CheckpointError) -> Vocabulary {
    var vocabulary = Vocabulary(capacity: values.count)
    for (text, value) in values {
      guard case .integer(let number) = value, let token = Int32(exactly: number) else {
        throw CheckpointError(
          file,
          .badField(
            text, expected: "the number of a token in the vocabulary", found: "\(value)"))
      }
      vocabulary[text] = token
    }
    return vocabulary
  }

  /// The regular expression of a step: one, or a text as it stands.
  fileprivate var pattern: String? {
    guard let pattern = object("pattern") else { return nil }
    return pattern.text("Regex")
      ?? pattern.text("String").map(NSRegularExpression.escapedPattern(for:))
  }

  fileprivate func unknown(_ kind: String) -> CheckpointError {
    CheckpointError(
      file, .unsupported("the \(kind) \(text("type")?.shortened ?? "without a type")"))
  }
}

extension Normalizer {
  /// - Throws: `CheckpointError` for a step that is not read.
  init(json step: Fields) throws(CheckpointError) { steps = try Self.steps(step) }

  private static func steps(_ step: Fields) throws(CheckpointError) -> [Step] {
    switch step.text("type") {
    case "Sequence":
      var steps: [Step] = []
      for part in try step.objects("normalizers") { steps += try Self.steps(part) }
      return steps
    case "NFC": return [.form(isComposed: true, isCompatible: false)]
    case "NFD": return [.form(isComposed: false, isCompatible: false)]
    case "NFKC": return [.form(isComposed: true, isCompatible: true)]
    case "NFKD": return [.form(isComposed: false, isCompatible: true)]
    case "Lowercase": return [.lowercase]
    case "StripAccents": return [.stripAccents]
    case "Strip":
      return [
        .trim(
          left: try step.flag("strip_left", default: true),
          right: try step.flag("strip_right", default: true))
      ]
    case "Prepend": return [.prepend(step.text("prepend") ?? "")]
    case "Replace":
      let content = step.text("content") ?? ""
      if let old = step.object("pattern")?.text("String") { return [.replace(old, with: content)] }
      guard let pattern = step.pattern else { throw step.unknown("normalizer") }
      let compiled = try blaming(step.file) { () throws(TokenizerProblem) in
        try SplitPattern.compile(pattern)
      }
      return [.replacePattern(compiled, with: content)]
    default: throw step.unknown("normalizer")
    }
  }
}

extension PreTokenizer {
  /// - Throws: `CheckpointError` for a step that is not read.
  init(json step: Fields) throws(CheckpointError) { steps = try Self.steps(step) }

  private static func steps(_ step: Fields) throws(CheckpointError) -> [Step] {
    switch step.text("type") {
    case "Sequence":
      var steps: [Step] = []
      for part in try step.objects("pretokenizers") { steps += try Self.steps(part) }
      return steps
    case "ByteLevel":
      let prefix: [Step] = try step.flag("add_prefix_space", default: false) ? [.prefixSpace] : []
      let splits = try step.flag("use_regex", default: true) ? [try split(step, gpt2)] : []
      return prefix + splits + [.spellBytes]
    case "Digits":
      let isEach = try step.flag("individual_digits", default: false)
      return [try split(step, digit + (isEach ? "" : "+"))]
    case "Punctuation":
      return [try split(step, #"[\p{P}!-/:-@\[-`{-~]"#, try behavior(step, default: .isolated))]
    case "Whitespace": return [try split(step, #"\w+|[^\w\s]+"#, .removed, isInverted: true)]
    case "WhitespaceSplit": return [try split(step, #"\s"#, .removed)]
    case "Split":
      guard let pattern = step.pattern else { throw step.unknown("pattern of the pre-tokenizer") }
      return [
        try split(
          step, pattern, try behavior(step), isInverted: try step.flag("invert", default: false))
      ]
    case "Metaspace": return try metaspace(step)
    default: throw step.unknown("pre-tokenizer")
    }
  }

  private static func behavior(
    _ step: Fields, default fallback: SplitPattern.Behavior? = nil
  ) throws(CheckpointError) -> SplitPattern.Behavior {
    try step.choice(
      "behavior",
      of: [
        "Removed": .removed, "Isolated": .isolated, "MergedWithPrevious": .mergedWithPrevious,
        "MergedWithNext": .mergedWithNext, "Contiguous": .contiguous,
      ], default: fallback)
  }

  private static func split(
    _ step: Fields, _ pattern: String, _ behavior: SplitPattern.Behavior = .isolated,
    isInverted: Bool = false
  ) throws(CheckpointError) -> Step {
    .split(
      try blaming(step.file) { () throws(TokenizerProblem) in
        try SplitPattern(pattern, behavior, isInverted: isInverted)
      })
  }

  private static func metaspace(_ step: Fields) throws(CheckpointError) -> [Step] {
    let mark = step.text("replacement") ?? "▁"
    // Files before 2024 say only whether.
    let old: Prefix = try step.flag("add_prefix_space", default: true) ? .always : .never
    let prefix: Prefix = try step.choice(
      "prepend_scheme", of: ["first": .first, "always": .always, "never": .never], default: old)
    let splits = try step.flag("split", default: true)
    return [.markSpaces(mark, prefix: prefix)]
      + (splits
        ? [try split(step, NSRegularExpression.escapedPattern(for: mark), .mergedWithNext)] : [])
  }
}

extension TokenDecoder {
  /// What makes text of tokens; what only changes a whole text, such as leaving out its first space, is passed over.
  ///
  /// - Throws: `CheckpointError` for a list of something else than steps.
  init(json step: Fields?, spellsBytes: Bool) throws(CheckpointError) {
    guard let step else {
      self.init(spellsBytes: spellsBytes)
      return
    }
    self.init()
    try add(step)
  }

  private mutating func add(_ step: Fields) throws(CheckpointError) {
    switch step.text("type") {
    case "Sequence": for part in try step.objects("decoders") { try add(part) }
    case "ByteLevel": spellsBytes = true
    case "ByteFallback": hasByteTokens = true
    case "Metaspace": replacements.append((step.text("replacement") ?? "▁", " "))
    case "Replace":
      guard let old = step.object("pattern")?.text("String") else { return }
      replacements.append((old, step.text("content") ?? ""))
    default: break
    }
  }
}
