package import Files
package import Foundation
import Graphs

extension SubwordTokenizer {
  /// `tokenizer.json`, as the tokenizers library writes it.
  ///
  /// - Throws: `CheckpointError` when its model is neither BPE nor unigrams, or has a step that would be passed over.
  package init(json url: URL) throws(CheckpointError) {
    let file = try Fields(json: url)
    let shape = CheckpointError(
      url.path, .malformed("the file should describe a model with vocab, and merges if it is BPE"))
    guard let description = file.object("model"), description.contains("vocab") else { throw shape }
    let added = try Self.added(file)
    let normalizer = try file.object("normalizer").map(Normalizer.init(json:)) ?? Normalizer()
    let preTokenizer =
      try file.object("pre_tokenizer").map(PreTokenizer.init(json:)) ?? PreTokenizer()
    let model: any SubwordModel
    switch description.text("type") ?? (description.contains("merges") ? "BPE" : "Unigram") {
    case "BPE":
      guard description.contains("merges"), let vocabulary = description.object("vocab") else {
        throw shape
      }
      let pairs = try BytePairEncoding(json: description, vocabulary.vocabulary())
      guard pairs.knowsBytes || !preTokenizer.spellsBytes else {
        throw CheckpointError(url.path, .malformed(TokenizerProblem.noBytes.sentence))
      }
      model = pairs
    case "Unigram": model = try UnigramModel(json: description)
    case let other:
      throw CheckpointError(url.path, .unsupported("the tokenizer model \(other.shortened)"))
    }
    let specials = Dictionary(added.map { ($0.text, $0.id) }, uniquingKeysWith: { $1 })
    self.init(
      TokenizerParts(
        added: AddedTokens(added) { normalizer.normalized($0) }, normalizer: normalizer,
        preTokenizer: preTokenizer, model: model,
        decoder: try TokenDecoder(
          json: file.object("decoder"), spellsBytes: preTokenizer.spellsBytes)),
      startToken: try file.object("post_processor").flatMap { steps throws(CheckpointError) in
        try Self.startToken(steps, specials)
      })
  }

  private static func added(_ file: Fields) throws(CheckpointError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    for token in try file.objects("added_tokens") {
      guard let content = token.text("content"), !content.isEmpty else { continue }
      let isSpecial = try token.flag("special", default: false)
      tokens.append(
        AddedToken(
          text: content, id: Int32(try token.integer("id", in: 0...Int(Int32.max))),
          takesSpaceBefore: try token.flag("lstrip", default: false),
          takesSpaceAfter: try token.flag("rstrip", default: false),
          isSingleWord: try token.flag("single_word", default: false),
          isNormalized: try token.flag("normalized", default: !isSpecial)))
    }
    return tokens
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

extension BytePairEncoding {
  /// The model of a `tokenizer.json`.
  ///
  /// - Throws: `CheckpointError` for a setting that would change tokens and is not read.
  fileprivate init(json model: Fields, _ vocabulary: Vocabulary) throws(CheckpointError) {
    var used: String?
    for name in ["continuing_subword_prefix", "end_of_word_suffix"]
    where !(model.text(name) ?? "").isEmpty { used = name }
    if model.contains("dropout"), model.values["dropout"] != .integer(0) { used = "dropout" }
    if let used { throw CheckpointError(model.file, .unsupported("the tokenizer's \(used)")) }
    let merges = try MergeList.pairs(model.list("merges"), model.file)
    let unknown = UnknownText(
      bytes: try model.flag("byte_fallback", default: false) ? ByteTokens(vocabulary) : nil,
      token: model.text("unk_token").flatMap { vocabulary[$0] },
      isFused: try model.flag("fuse_unk", default: false))
    let takesWholePieces = try model.flag("ignore_merges", default: false)
    self = try blaming(model.file) { () throws(TokenizerProblem) in
      try BytePairEncoding(
        vocabulary: vocabulary, merges: merges, takesWholePieces: takesWholePieces,
        unknown: unknown)
    }
  }
}

extension UnigramModel {
  /// The model of a `tokenizer.json`: a list of texts with scores.
  ///
  /// - Throws: `CheckpointError` for a list of something else.
  fileprivate init(json model: Fields) throws(CheckpointError) {
    var entries: [(text: String, score: Double?)] = []
    var vocabulary = Vocabulary()
    for value in model.list("vocab") {
      guard case .list(let pair) = value, pair.count == 2, case .text(let text) = pair[0],
        let score = pair[1].asNumber, score.isFinite
      else {
        throw CheckpointError(
          model.file,
          .badField("vocab", expected: "a list of texts with scores", found: "\(value) in it"))
      }
      vocabulary[text] = Int32(entries.count)
      entries.append((text, score))
    }
    guard !entries.isEmpty else {
      throw CheckpointError(
        model.file, .badField("vocab", expected: "a list of texts with scores", found: "none"))
    }
    let hasUnknown = model.contains("unk_id")
    let unknown = UnknownText(
      bytes: try model.flag("byte_fallback", default: false) ? ByteTokens(vocabulary) : nil,
      token: hasUnknown ? Int32(try model.integer("unk_id", in: 0...(1 << 30))) : nil,
      isFused: true)
    self = try blaming(model.file) { () throws(TokenizerProblem) in
      try UnigramModel(entries, unknown: unknown)
    }
  }
}

extension FieldValue {
  fileprivate var asNumber: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }
}
