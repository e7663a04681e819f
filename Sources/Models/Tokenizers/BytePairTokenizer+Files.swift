import Engine
package import Files
package import Foundation
import Graphs

extension BytePairTokenizer {
  /// The tokenizer of a Hugging Face directory; nil when it has none.
  ///
  /// - Parameters:
  ///   - directory: A directory with `tokenizer.json`, or `vocab.json` and `merges.txt`.
  ///   - family: The model's family, which decides how text is split when no file says so.
  /// - Throws: `CheckpointError` for files that are not a byte-level byte-pair tokenizer.
  package init?(directory: URL, family: String) throws(CheckpointError) {
    let file = directory.appending(path: "tokenizer.json")
    let vocabulary = directory.appending(path: "vocab.json")
    if FileManager.default.fileExists(atPath: file.path) {
      try self.init(json: file)
    } else if FileManager.default.fileExists(atPath: vocabulary.path) {
      try self.init(
        vocabulary: vocabulary, merges: directory.appending(path: "merges.txt"), family: family)
    } else {
      return nil
    }
  }

  /// `vocab.json` and `merges.txt`, as GPT-2 came with.
  private init(vocabulary: URL, merges: URL, family: String) throws(CheckpointError) {
    let tokens = try Fields(json: vocabulary).vocabulary()
    let lines = String(decoding: try TensorFile.map(merges), as: UTF8.self)
      .split(whereSeparator: \.isNewline)
    let pairs = try Self.pairs(
      lines.filter { !$0.hasPrefix("#version") }.map(String.init), merges.path)
    // GPT-2's own end of text is the one special token that such files have.
    let end = "<|endoftext|>"
    let specials = tokens[end].map { [end: $0] } ?? [:]
    try self.init(
      file: vocabulary.path,
      patterns: PreTokenizer.named(family) ?? PreTokenizer.Patterns(text: [PreTokenizer.gpt2]),
      vocabulary: tokens, merges: pairs, specials: specials)
  }

  /// The tokenizer inside of a GGUF file.
  init(gguf fields: Fields) throws(CheckpointError) {
    guard fields.text("tokenizer.ggml.model") == "gpt2" else {
      throw CheckpointError(
        fields.file,
        .unsupported(
          "the tokenizer \"\(fields.text("tokenizer.ggml.model") ?? "")\", only byte-level BPE (gpt2),"
        ))
    }
    let name = fields.text("tokenizer.ggml.pre") ?? "gpt-2"
    guard let patterns = PreTokenizer.named(name) else {
      throw CheckpointError(fields.file, .unsupported("the pre-tokenizer \"\(name)\""))
    }
    let texts = try fields.texts("tokenizer.ggml.tokens")
    let types = fields.list("tokenizer.ggml.token_type")
    var specials: [String: Int32] = [:]
    // Type 3 is control, type 4 user-defined.
    for (token, type) in types.enumerated() where [.integer(3), .integer(4)].contains(type) {
      guard token < texts.count, !texts[token].isEmpty else { continue }
      specials[texts[token]] = Int32(token)
    }
    var vocabulary = Vocabulary(capacity: texts.count)
    // The first of equal texts counts.
    for (token, text) in texts.enumerated().reversed() { vocabulary[text] = Int32(token) }
    let starts = try fields.flag("tokenizer.ggml.add_bos_token", default: name.hasPrefix("llama"))
    let start = try fields.integer(
      "tokenizer.ggml.bos_token_id", in: 0...max(texts.count - 1, 0), default: 0)
    try self.init(
      file: fields.file, patterns: patterns, vocabulary: vocabulary,
      merges: try Self.pairs(fields.texts("tokenizer.ggml.merges"), fields.file),
      specials: specials,
      startToken: starts && fields.contains("tokenizer.ggml.bos_token_id") ? Int32(start) : nil,
      takesWholePieces: name.hasPrefix("llama"))
  }

  /// Puts the parts together; what is wrong with them is blamed on `file`.
  init(
    file: String, patterns: PreTokenizer.Patterns, composes: Bool = false,
    vocabulary: Vocabulary,
    merges: [(String, String)], specials: [String: Int32], startToken: Int32? = nil,
    takesWholePieces: Bool = false
  ) throws(CheckpointError) {
    do throws(TokenizerProblem) {
      self.init(
        preTokenizer: try PreTokenizer(patterns, composes: composes),
        encoding: try BytePairEncoding(
          vocabulary: vocabulary, merges: merges, takesWholePieces: takesWholePieces),
        specials: specials, startToken: startToken)
    } catch {
      throw CheckpointError(file, .malformed(error.sentence))
    }
  }

  /// Merges written as two texts with a space between.
  static func pairs(
    _ lines: [String], _ file: String
  ) throws(CheckpointError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    pairs.reserveCapacity(lines.count)
    for line in lines { pairs.append(try pair(line[...], file)) }
    return pairs
  }

  static func pair(_ line: Substring, _ file: String) throws(CheckpointError) -> (String, String) {
    let space = UInt8(ascii: " ")
    guard let middle = line.utf8.firstIndex(of: space) else { throw notAPair(line, file) }
    let right = line[line.utf8.index(after: middle)...]
    guard !right.utf8.contains(space) else { throw notAPair(line, file) }
    return (String(line[..<middle]), String(right))
  }

  static func notAPair(_ merge: some StringProtocol, _ file: String) -> CheckpointError {
    CheckpointError(
      file,
      .malformed("the merge \"\(merge.shortened)\" should be two texts with a space between"))
  }
}

extension Fields {
  /// The values of a list; empty when it is absent.
  func list(_ name: String) -> [FieldValue] {
    guard case .list(let list) = values[name] else { return [] }
    return list
  }
}
