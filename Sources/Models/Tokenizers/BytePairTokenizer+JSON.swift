import Engine
package import Files
package import Foundation
import Graphs

extension BytePairTokenizer {
  /// `tokenizer.json`, as the tokenizers library writes it.
  ///
  /// - Throws: `CheckpointError` when it is not a byte-level byte-pair tokenizer or has a step
  ///   that would be passed over.
  package init(json url: URL) throws(CheckpointError) {
    let file = try Fields(json: url)
    let shape = CheckpointError(
      url.path, .malformed("the file should describe a BPE model with vocab and merges"))
    guard let model = file.object("model") else { throw shape }
    guard model.text("type") ?? "BPE" == "BPE" else {
      throw CheckpointError(
        url.path, .unsupported("the tokenizer model \(model.text("type")?.shortened ?? "")"))
    }
    guard let vocab = model.object("vocab"), model.contains("merges") else { throw shape }
    let added = try file.objects("added_tokens")
    try Self.refuseUnread(model, added)
    var vocabulary = try vocab.vocabulary()
    var specials: [String: Int32] = [:]
    for token in added {
      guard let content = token.text("content"), !content.isEmpty else { continue }
      let id = Int32(try token.integer("id", in: 0...Int(Int32.max)))
      (specials[content], vocabulary[content]) = (id, id)
    }
    try self.init(
      file: url.path, patterns: try Self.patterns(file.object("pre_tokenizer"), url.path),
      composes: try Self.composes(file.object("normalizer")), vocabulary: vocabulary,
      merges: try Self.merges(model.list("merges"), url.path), specials: specials,
      startToken: try file.object("post_processor").flatMap { steps throws(CheckpointError) in
        try Self.startToken(steps, specials)
      },
      takesWholePieces: try model.flag("ignore_merges", default: false))
  }

  /// Merges as texts with a space between, or as lists of two.
  private static func merges(
    _ values: [FieldValue], _ file: String
  ) throws(CheckpointError) -> [(String, String)] {
    var merges: [(String, String)] = []
    merges.reserveCapacity(values.count)
    for value in values {
      switch value {
      case .text(let line): merges.append(try pair(line[...], file))
      case .list(let parts):
        guard parts.count == 2, case .text(let left) = parts[0], case .text(let right) = parts[1]
        else {
          let texts = parts.map { if case .text(let text) = $0 { text } else { "\($0)" } }
          throw notAPair(texts.joined(separator: " "), file)
        }
        merges.append((left, right))
      default: throw notAPair("\(value)", file)
      }
    }
    return merges
  }

  /// Refuses settings that would change tokens and are not read.
  private static func refuseUnread(_ model: Fields, _ added: [Fields]) throws(CheckpointError) {
    var used: String?
    for name in ["continuing_subword_prefix", "end_of_word_suffix"]
    where !(model.text(name) ?? "").isEmpty { used = name }
    if try model.flag("byte_fallback", default: false) { used = "byte_fallback" }
    for token in added {
      for name in ["lstrip", "rstrip", "single_word"] where try token.flag(name, default: false) {
        used = "lstrip, rstrip or single_word of an added token"
      }
    }
    if let used { throw CheckpointError(model.file, .unsupported("the tokenizer's \(used)")) }
  }

  /// The splits of a pre-tokenizer; those after `ByteLevel` see bytes spelt as characters.
  private static func patterns(
    _ step: Fields?, _ file: String
  ) throws(CheckpointError) -> PreTokenizer.Patterns {
    var patterns = PreTokenizer.Patterns()
    var spellsBytes = false
    let steps = try step.map { step throws(CheckpointError) in
      step.contains("pretokenizers") ? try step.objects("pretokenizers") : [step]
    }
    for step in steps ?? [] {
      if step.text("type") == "ByteLevel" {
        guard try !step.flag("add_prefix_space", default: false), !spellsBytes else {
          throw CheckpointError(file, .unsupported("the pre-tokenizer's add_prefix_space"))
        }
        if try step.flag("use_regex", default: true) { patterns.text.append(PreTokenizer.gpt2) }
        spellsBytes = true
      } else if spellsBytes {
        patterns.bytes.append(try pattern(step))
      } else {
        patterns.text.append(try pattern(step))
      }
    }
    guard spellsBytes else {
      throw CheckpointError(file, .unsupported("a tokenizer that is not byte-level"))
    }
    return patterns
  }

  private static func pattern(_ step: Fields) throws(CheckpointError) -> String {
    switch step.text("type") {
    case "Digits":
      return PreTokenizer.digit + (try step.flag("individual_digits", default: false) ? "" : "+")
    case "Split":
      guard let pattern = step.object("pattern")?.text("Regex"),
        step.text("behavior") == "Isolated", try !step.flag("invert", default: false)
      else {
        throw CheckpointError(step.file, .unsupported("a Split that is not Isolated by a Regex"))
      }
      return pattern
    case let other:
      throw CheckpointError(
        step.file, .unsupported("the pre-tokenizer \(other?.shortened ?? "without a type")"))
    }
  }

  private static func composes(_ step: Fields?) throws(CheckpointError) -> Bool {
    guard let step else { return false }
    switch step.text("type") {
    case "NFC": return true
    case "Sequence" where step.list("normalizers").isEmpty: return false
    case let other:
      throw CheckpointError(
        step.file, .unsupported("the normalizer \(other?.shortened ?? "without a type")"))
    }
  }

  /// The special token that the post-processor puts before a text.
  private static func startToken(
    _ processor: Fields, _ specials: [String: Int32]
  ) throws(CheckpointError) -> Int32? {
    let first = try processor.objects("single").first?.object("SpecialToken")?.text("id")
    if let first, let token = specials[first] { return token }
    for step in try processor.objects("processors") {
      if let token = try startToken(step, specials) { return token }
    }
    return nil
  }
}

extension Fields {
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

  /// The objects of a list; none when it is absent.
  fileprivate func objects(_ name: String) throws(CheckpointError) -> [Fields] {
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
}
