package import Files
import Graphs

extension SubwordTokenizer {
  /// The tokenizer inside of a GGUF file: byte-level (`gpt2`), or of SentencePiece (`llama`).
  ///
  /// - Throws: `CheckpointError` for one of another kind, or that is not understood.
  package init(gguf fields: Fields) throws(CheckpointError) {
    let kind = fields.text("tokenizer.ggml.model")
    guard kind == "gpt2" || kind == "llama" else {
      throw CheckpointError(
        fields.file,
        .unsupported(
          "the tokenizer \"\(kind?.shortened ?? "")\", only gpt2 (byte-level BPE) and llama (SentencePiece),"
        ))
    }
    let texts = try fields.texts("tokenizer.ggml.tokens")
    var vocabulary = Vocabulary(capacity: texts.count)
    // The first of equal texts counts.
    for (token, text) in texts.enumerated().reversed() { vocabulary[text] = Int32(token) }
    let name = fields.text("tokenizer.ggml.pre") ?? "gpt-2"
    let isLlama = kind == "llama" || name.hasPrefix("llama")
    let starts = try fields.flag("tokenizer.ggml.add_bos_token", default: isLlama)
    let start = try fields.integer(
      "tokenizer.ggml.bos_token_id", in: 0...max(texts.count - 1, 0), default: 0)
    let added = Self.added(texts, fields)
    self.init(
      kind == "gpt2"
        ? try Self.bytes(vocabulary, name, added, fields)
        : try Self.pieces(vocabulary, texts, added, fields),
      startToken: starts && fields.contains("tokenizer.ggml.bos_token_id") ? Int32(start) : nil)
  }

  private static func added(_ texts: [String], _ fields: Fields) -> [AddedToken] {
    let types = fields.list("tokenizer.ggml.token_type")
    // Type 3 is control, type 4 user-defined.
    return zip(texts.indices, types).compactMap { token, type in
      [.integer(3), .integer(4)].contains(type) && !texts[token].isEmpty
        ? AddedToken(text: texts[token], id: Int32(token)) : nil
    }
  }

  private static func bytes(
    _ vocabulary: Vocabulary, _ name: String, _ added: [AddedToken], _ fields: Fields
  ) throws(CheckpointError) -> TokenizerParts {
    guard let patterns = PreTokenizer.named(name) else {
      throw CheckpointError(fields.file, .unsupported("the pre-tokenizer \"\(name.shortened)\""))
    }
    let merges = try MergeList.pairs(fields.texts("tokenizer.ggml.merges"), fields.file)
    return try blaming(fields.file) { () throws(TokenizerProblem) in
      try TokenizerParts(
        bytes: patterns,
        model: BytePairEncoding(
          vocabulary: vocabulary, merges: merges, takesWholePieces: name.hasPrefix("llama")),
        added: added)
    }
  }

  /// Merges by scores; a text starts with a space, spaces are `▁`, and what is unknown is bytes.
  private static func pieces(
    _ vocabulary: Vocabulary, _ texts: [String], _ added: [AddedToken], _ fields: Fields
  ) throws(CheckpointError) -> TokenizerParts {
    var scores: [Float] = []
    for value in fields.list("tokenizer.ggml.scores") {
      switch value {
      case .number(let score) where !score.isNaN: scores.append(Float(score))
      case .integer(let score): scores.append(Float(score))
      default: break
      }
    }
    guard scores.count == texts.count else {
      throw CheckpointError(
        fields.file,
        .badField(
          "tokenizer.ggml.scores", expected: "a number for each of \(texts.count) tokens",
          found: "\(scores.count)"))
    }
    let unknown = try fields.integer(
      "tokenizer.ggml.unknown_token_id", in: 0...max(texts.count - 1, 0), default: 0)
    let prefixes = try fields.flag("tokenizer.ggml.add_space_prefix", default: true)
    return try blaming(fields.file) { () throws(TokenizerProblem) in
      TokenizerParts(
        sentencePiece: try BytePairEncoding(
          vocabulary: vocabulary, scores: scores,
          unknown: UnknownText(
            bytes: ByteTokens(vocabulary), token: Int32(unknown), isFused: true)),
        added: AddedTokens(added), addsPrefix: prefixes)
    }
  }
}
