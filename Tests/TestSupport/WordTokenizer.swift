import Engine
import Foundation
package import Models

/// A byte-level tokenizer in which some words are one token, alone and after a space.
///
/// - Parameters:
///   - words: Words of letters; all else is a token for each character of ASCII.
///   - start: The token that prompts start with, if any.
/// - Returns: The tokenizer.
/// - Throws: When the file between cannot be written or read.
package func wordTokenizer(_ words: [String], start: String? = nil) throws -> SubwordTokenizer {
  let bytes = (33...126).map { String(UnicodeScalar(UInt8($0))) } + ["Ġ", "Ċ"]
  let texts = bytes + words.filter { $0.count > 1 } + words.map { "Ġ" + $0 }
  let vocabulary = Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, $0) })
  var json: [String: Any] = [
    "model": [
      "type": "BPE", "vocab": vocabulary, "merges": [String](), "ignore_merges": true,
    ] as [String: Any],
    "pre_tokenizer": ["type": "ByteLevel"],
  ]
  if let start {
    json["added_tokens"] = [["id": texts.count, "content": start] as [String: Any]]
    json["post_processor"] = [
      "type": "TemplateProcessing", "single": [["SpecialToken": ["id": start]]],
    ]
  }
  return try withTemporaryDirectory { directory in
    let url = directory.appending(path: "tokenizer.json")
    try JSONSerialization.data(withJSONObject: json).write(to: url)
    return try SubwordTokenizer(json: url)
  }
}
