package import Files
package import Foundation
import Graphs

extension SubwordTokenizer {
  /// The tokenizer of a Hugging Face directory; nil when it has none.
  ///
  /// - Parameters:
  ///   - directory: A directory with `tokenizer.json`, or `vocab.json` and `merges.txt`, or `tokenizer.model`.
  ///   - family: The model's family, which decides how text is split when no file says so.
  /// - Throws: `CheckpointError` for files that are not understood.
  package init?(directory: URL, family: String) throws(CheckpointError) {
    let isThere = { (name: String) in
      FileManager.default.fileExists(atPath: directory.appending(path: name).path)
    }
    if isThere("tokenizer.json") {
      try self.init(json: directory.appending(path: "tokenizer.json"))
    } else if isThere("vocab.json") {
      try self.init(
        vocabulary: directory.appending(path: "vocab.json"),
        merges: directory.appending(path: "merges.txt"), family: family)
    } else if isThere("tokenizer.model") {
      try self.init(sentencePiece: directory.appending(path: "tokenizer.model"))
    } else {
      return nil
    }
  }

  /// `vocab.json` and `merges.txt`, as GPT-2 came with.
  private init(vocabulary: URL, merges: URL, family: String) throws(CheckpointError) {
    let tokens = try Fields(json: vocabulary).vocabulary()
    let lines = String(decoding: try TensorFile.map(merges), as: UTF8.self)
      .split(whereSeparator: \.isNewline)
    let pairs = try MergeList.pairs(
      lines.filter { !$0.hasPrefix("#version") }.map(String.init), merges.path)
    // GPT-2's own end of text is the one special token that such files have.
    let end = "<|endoftext|>"
    self.init(
      try blaming(vocabulary.path) { () throws(TokenizerProblem) in
        try TokenizerParts(
          bytes: PreTokenizer.named(family) ?? [PreTokenizer.gpt2],
          model: BytePairEncoding(vocabulary: tokens, merges: pairs),
          added: tokens[end].map { [AddedToken(text: end, id: $0)] } ?? [])
      }, startToken: nil)
  }
}

extension TokenizerParts {
  /// A byte-level tokenizer of splits applied one after another.
  ///
  /// - Throws: ``TokenizerProblem`` for a pattern that is not understood, or a vocabulary without bytes.
  init(
    bytes patterns: [String], model: BytePairEncoding, added: [AddedToken]
  ) throws(TokenizerProblem) {
    guard model.knowsBytes else { throw .noBytes }
    self.init(
      added: AddedTokens(added), preTokenizer: try PreTokenizer.bytes(patterns), model: model,
      decoder: TokenDecoder(spellsBytes: true))
  }
}

/// Blames a file for what is wrong with its tables.
func blaming<Result>(
  _ file: String, _ work: () throws(TokenizerProblem) -> Result
) throws(CheckpointError) -> Result {
  do throws(TokenizerProblem) { return try work() } catch {
    throw CheckpointError(file, .malformed(error.sentence))
  }
}

/// Merges of byte-pair encodings as files list them.
enum MergeList {
  /// Merges written as two texts with a space between.
  static func pairs(
    _ lines: [String], _ file: String
  ) throws(CheckpointError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    pairs.reserveCapacity(lines.count)
    for line in lines { pairs.append(try pair(line[...], file)) }
    return pairs
  }

  /// Merges as texts with a space between, or as lists of two.
  static func pairs(
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

  private static func pair(
    _ line: Substring, _ file: String
  ) throws(CheckpointError) -> (String, String) {
    let space = UInt8(ascii: " ")
    guard let middle = line.utf8.firstIndex(of: space) else { throw notAPair(line, file) }
    let right = line[line.utf8.index(after: middle)...]
    guard !right.utf8.contains(space) else { throw notAPair(line, file) }
    return (String(line[..<middle]), String(right))
  }

  private static func notAPair(_ merge: some StringProtocol, _ file: String) -> CheckpointError {
    CheckpointError(
      file,
      .malformed("the merge \"\(merge.shortened)\" should be two texts with a space between"))
  }
}
