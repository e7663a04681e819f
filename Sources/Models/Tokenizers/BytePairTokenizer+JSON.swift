import Engine
package import Files
package import Foundation

/// The parts of `tokenizer.json` that decide how text becomes tokens.
private struct TokenizerFile: Decodable {
  struct Model: Decodable {
    var type: String?
    var vocab: [String: Int32]
    var merges: [Merge]
    var ignore_merges: Bool?
    var byte_fallback: Bool?
    var continuing_subword_prefix: String?
    var end_of_word_suffix: String?
  }

  /// A merge: one text with a space, or a list of two.
  enum Merge: Decodable {
    case line(String)
    case pair([String])

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let line = try? value.decode(String.self) {
        self = .line(line)
      } else {
        self = .pair(try value.decode([String].self))
      }
    }
  }

  struct AddedToken: Decodable {
    var id: Int32
    var content: String
    var lstrip: Bool?
    var rstrip: Bool?
    var single_word: Bool?
  }

  struct Step: Decodable {
    struct Pattern: Decodable {
      var Regex: String?
      var String: String?
    }
    var type: String
    var pretokenizers: [Step]?
    var normalizers: [Step]?
    var pattern: Pattern?
    var behavior: String?
    var invert: Bool?
    var individual_digits: Bool?
    var use_regex: Bool?
    var add_prefix_space: Bool?
  }

  struct PostProcessor: Decodable {
    struct Part: Decodable {
      struct Special: Decodable { var id: String }
      var SpecialToken: Special?
    }
    var type: String
    var processors: [PostProcessor]?
    var single: [Part]?
  }

  var model: Model
  var added_tokens: [AddedToken]?
  var normalizer: Step?
  var pre_tokenizer: Step?
  var post_processor: PostProcessor?
}

extension BytePairTokenizer {
  /// `tokenizer.json`, as the tokenizers library writes it.
  ///
  /// - Throws: `CheckpointError` when it is not a byte-level byte-pair tokenizer or has a step
  ///   that would be passed over.
  package init(json url: URL) throws(CheckpointError) {
    let data = try TensorFile.map(url)
    let file: TokenizerFile
    do {
      file = try JSONDecoder().decode(TokenizerFile.self, from: data)
    } catch {
      throw CheckpointError(
        url.path,
        .malformed("the file should describe a BPE model with vocab and merges" + place(of: error)))
    }
    guard file.model.type ?? "BPE" == "BPE" else {
      throw CheckpointError(url.path, .unsupported("the tokenizer model \(file.model.type ?? "")"))
    }
    try Self.refuseUnread(file, url.path)
    var merges: [(String, String)] = []
    for merge in file.model.merges {
      switch merge {
      case .line(let line): merges += try Self.pairs([line], url.path)
      case .pair(let pair): merges += try Self.pairs([pair.joined(separator: " ")], url.path)
      }
    }
    var specials: [String: Int32] = [:]
    var vocabulary = file.model.vocab
    for added in file.added_tokens ?? [] where !added.content.isEmpty {
      specials[added.content] = added.id
      vocabulary[added.content] = added.id
    }
    try self.init(
      file: url.path, patterns: try Self.patterns(file.pre_tokenizer, url.path),
      composes: try Self.composes(file.normalizer, url.path), vocabulary: vocabulary,
      merges: merges, specials: specials,
      startToken: Self.startToken(file.post_processor, specials),
      takesWholePieces: file.model.ignore_merges ?? false)
  }

  /// Refuses settings that would change tokens and are not read.
  private static func refuseUnread(
    _ file: TokenizerFile, _ path: String
  ) throws(CheckpointError) {
    let model = file.model
    let added = file.added_tokens ?? []
    let settings = [
      ("byte_fallback", model.byte_fallback == true),
      ("continuing_subword_prefix", !(model.continuing_subword_prefix ?? "").isEmpty),
      ("end_of_word_suffix", !(model.end_of_word_suffix ?? "").isEmpty),
      (
        "lstrip, rstrip or single_word of an added token",
        added.contains { $0.lstrip == true || $0.rstrip == true || $0.single_word == true }
      ),
    ]
    if let used = settings.first(where: \.1) {
      throw CheckpointError(path, .unsupported("the tokenizer's \(used.0)"))
    }
  }

  /// The splits of a pre-tokenizer; those after `ByteLevel` see bytes spelt as characters.
  private static func patterns(
    _ step: TokenizerFile.Step?, _ file: String
  ) throws(CheckpointError) -> PreTokenizer.Patterns {
    var patterns = PreTokenizer.Patterns()
    var spellsBytes = false
    for step in step?.pretokenizers ?? [step].compactMap(\.self) {
      if step.type == "ByteLevel" {
        guard step.add_prefix_space != true, !spellsBytes else {
          throw CheckpointError(file, .unsupported("the pre-tokenizer's add_prefix_space"))
        }
        if step.use_regex ?? true { patterns.text.append(PreTokenizer.gpt2) }
        spellsBytes = true
      } else if spellsBytes {
        patterns.bytes.append(try pattern(step, file))
      } else {
        patterns.text.append(try pattern(step, file))
      }
    }
    guard spellsBytes else {
      throw CheckpointError(file, .unsupported("a tokenizer that is not byte-level"))
    }
    return patterns
  }

  private static func pattern(
    _ step: TokenizerFile.Step, _ file: String
  ) throws(CheckpointError) -> String {
    switch step.type {
    case "Digits":
      return PreTokenizer.digit + (step.individual_digits ?? false ? "" : "+")
    case "Split":
      guard let pattern = step.pattern?.Regex, step.behavior == "Isolated", step.invert != true
      else { throw CheckpointError(file, .unsupported("a Split that is not Isolated by a Regex")) }
      return pattern
    case let other:
      throw CheckpointError(file, .unsupported("the pre-tokenizer \(other)"))
    }
  }

  private static func composes(
    _ step: TokenizerFile.Step?, _ file: String
  ) throws(CheckpointError) -> Bool {
    switch step?.type {
    case nil: return false
    case "NFC": return true
    case "Sequence" where step?.normalizers?.isEmpty ?? true: return false
    case let other?: throw CheckpointError(file, .unsupported("the normalizer \(other)"))
    }
  }

  /// The special token that the post-processor puts before a text.
  private static func startToken(
    _ processor: TokenizerFile.PostProcessor?, _ specials: [String: Int32]
  ) -> Int32? {
    guard let processor else { return nil }
    let first = processor.single?.first?.SpecialToken.flatMap { specials[$0.id] }
    return first ?? processor.processors?.lazy.compactMap { startToken($0, specials) }.first
  }
}
