package import Files
package import Foundation
import Graphs

extension SubwordTokenizer {
  /// `tokenizer.model`, as SentencePiece writes it, with what lies beside it: `added_tokens.json`, and in
  /// `tokenizer_config.json` whether a text is started by a token.
  ///
  /// - Throws: `CheckpointError` for a file that is not understood.
  package init(sentencePiece url: URL) throws(CheckpointError) {
    let model = try SentencePieceModel(url)
    let directory = url.deletingLastPathComponent()
    let beside = { (name: String) throws(CheckpointError) -> Fields? in
      let file = directory.appending(path: name)
      return FileManager.default.fileExists(atPath: file.path) ? try Fields(json: file) : nil
    }
    let more = try beside("added_tokens.json").map { fields throws(CheckpointError) in
      let vocabulary = try fields.vocabulary()
      let texts = try blaming(fields.file) { () throws(TokenizerProblem) in
        try vocabulary.texts()
      }
      try model.requireAgreement(with: texts, of: fields.file)
      return texts
    }
    let starts =
      try beside("tokenizer_config.json")?.flag("add_bos_token", default: true) ?? true
    self.init(
      try blaming(url.path) { () throws(TokenizerProblem) in
        try TokenizerParts(model, more: more ?? [:])
      }, startToken: starts ? model.start : nil)
  }
}

extension TokenizerParts {
  /// A tokenizer of SentencePiece: spaces are `▁`, and one is put before a text.
  init(
    sentencePiece model: any SubwordModel, added: AddedTokens, addsPrefix: Bool,
    squeezesSpaces: Bool = false, hasBytes: Bool = true
  ) {
    self.init(
      added: added,
      normalizer: Normalizer(
        steps: (squeezesSpaces ? [.squeezeSpaces] : []) + (addsPrefix ? [.prepend("▁")] : [])
          + [.replace(" ", with: "▁")]),
      model: model, decoder: TokenDecoder(hasByteTokens: hasBytes, replacements: [("▁", " ")]))
  }

  /// What a file of SentencePiece describes, with tokens that were added to it.
  fileprivate init(
    _ file: SentencePieceModel, more: [Int32: String]
  ) throws(TokenizerProblem) {
    // Special tokens are cut out of texts, as in transformers; SentencePiece itself would spell them.
    var added = (file.tokens(.unknown) + file.tokens(.control)).map {
      AddedToken(text: $0.text, id: $0.token)
    }
    added += more.sorted { $0.key < $1.key }.map { AddedToken(text: $1, id: $0) }
    let model: any SubwordModel
    if file.isMerged {
      // Symbols of the user's are never merged. They are found in texts whose spaces are marked, where one with a space
      // itself is nowhere.
      for (token, text) in file.tokens(.userDefined) where !text.utf8.contains(UInt8(ascii: " ")) {
        let spelt = text.replacingBytes(of: "▁", with: " ")
        added.append(AddedToken(text: spelt, id: token, isNormalized: true))
      }
      model = try file.merges
    } else {
      model = try file.unigrams
    }
    self.init(
      sentencePiece: model,
      added: AddedTokens(added) { $0.replacingBytes(of: " ", with: "▁") },
      addsPrefix: file.addsPrefix, squeezesSpaces: file.squeezesSpaces, hasBytes: file.hasBytes)
  }
}

extension SentencePieceModel {
  /// Refuses an added token whose number is a piece's of another text.
  fileprivate func requireAgreement(
    with added: [Int32: String], of file: String
  ) throws(CheckpointError) {
    let other = zip(Int32(0)..., pieces).first { token, piece in
      added[token].map { !$0.utf8.elementsEqual(piece.text.utf8) } ?? false
    }
    guard let (token, piece) = other, let text = added[token] else { return }
    throw CheckpointError(
      file,
      .malformed(
        """
        the token "\(text.shortened)" should not have the number \(token), which is that of the piece \
        "\(piece.text.shortened)" in tokenizer.model; numbers from \(pieces.count) on are free
        """))
  }

  private var unknownText: UnknownText {
    UnknownText(
      bytes: hasBytes ? ByteTokens(vocabulary) : nil, token: tokens(.unknown).first?.token,
      isFused: true)
  }

  fileprivate var merges: BytePairEncoding {
    get throws(TokenizerProblem) {
      try BytePairEncoding(
        vocabulary: vocabulary, scores: pieces.map(\.score), unknown: unknownText)
    }
  }

  /// The pieces that a text is cut into: symbols of the user's by a score that hardly anything exceeds, which is
  /// SentencePiece's own (found out with its version 0.2.3).
  fileprivate var unigrams: UnigramModel {
    get throws(TokenizerProblem) {
      try UnigramModel(
        pieces.map { piece in
          let score: Double? =
            switch piece.kind {
            case .normal: Double(piece.score)
            case .userDefined: 0.1 * Double(piece.text.utf8.count - 1)
            case .unknown, .control, .unused, .byte: nil
            }
          return (piece.text, score)
        }, unknown: unknownText)
    }
  }
}
