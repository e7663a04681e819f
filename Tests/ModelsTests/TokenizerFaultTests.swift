import Engine
import Files
import Foundation
import Models
import TestSupport
import Testing

/// Faults in tokenizers: each its own error, no trap.
@Suite struct TokenizerFaultTests {
  static let tokenizers: [(old: String, new: String, says: String)] = [
    ("\"merges\"", "\"mergers\"", "should describe a model with vocab, and merges if it is BPE"),
    ("\"vocab\"", "\"vocabulary\"", "should describe a model with vocab"),
    ("\"type\": \"BPE\"", "\"type\": \"WordPiece\"", "tokenizer model WordPiece"),
    (
      "\"type\": \"BPE\"", "\"type\": \"Unigram\"",
      "\"vocab\" should be a list of texts with scores"
    ),
    (
      "\"type\": \"ByteLevel\",\n    \"add_prefix_space\": false", "\"type\": \"BertPreTokenizer\"",
      "pre-tokenizer BertPreTokenizer"
    ),
    (
      "\"type\": \"ByteLevel\",\n    \"add_prefix_space\": false",
      "\"type\": \"Split\", \"pattern\": {\"Regex\": \"(\"}, \"behavior\": \"Isolated\"",
      "pattern \"(\" is not understood"
    ),
    (
      "\"type\": \"ByteLevel\",\n    \"add_prefix_space\": false",
      "\"type\": \"Split\", \"pattern\": {\"Regex\": \"a\"}, \"behavior\": \"Odd\"",
      "\"behavior\" should be one of Removed"
    ),
    (
      "\"type\": \"ByteLevel\",\n    \"add_prefix_space\": false",
      "\"type\": \"Split\", \"behavior\": \"Isolated\"", "pattern of the pre-tokenizer Split"
    ),
    (
      "\"type\": \"ByteLevel\",\n    \"add_prefix_space\": false",
      "\"type\": \"Metaspace\", \"prepend_scheme\": \"odd\"",
      "\"prepend_scheme\" should be one of first"
    ),
    (
      "\"normalizer\": null", "\"normalizer\": {\"type\": \"Precompiled\"}",
      "normalizer Precompiled"
    ),
    (
      "\"normalizer\": null",
      "\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"(a+)+\"}}",
      "can take forever"
    ),
    ("\"normalizer\": null", "\"normalizer\": {\"type\": \"Replace\"}", "normalizer Replace"),
    ("\"#\": ", "\"#\": -", "which is negative or another's"),
    ("\"#\": 2,", "\"#\": 3,", "which is negative or another's"),
    ("\"dropout\": null", "\"dropout\": 0.1", "the tokenizer's dropout"),
    (
      "\"continuing_subword_prefix\": null", "\"continuing_subword_prefix\": \"##\"",
      "continuing_subword_prefix"
    ),
    ("\"lstrip\": false", "\"lstrip\": 1", "\"lstrip\" should be true or false"),
    ("\"merges\": [", "\"merges\": [[\"zz\", \"qq\"],", "merge \"zz qq\""),
    ("\"merges\": [", "\"merges\": [[\"zz\"],", "merge \"zz\" should be"),
  ]

  @Test(arguments: tokenizers.indices) func `tokenizer`(index: Int) throws {
    let (old, new, says) = Self.tokenizers[index]
    let source = fixtures.appending(path: "tokenizers/gpt2.json")
    let text = try String(contentsOf: source, encoding: .utf8)
    #expect(text.contains(old), "\(old)")
    let model = try load("gpt2", changing: "tokenizer.json") { _ in
      text.replacingOccurrences(of: old, with: new)
    }
    #expect(model.tokenizer == nil)
    #expect(
      model.tokenizerProblem?.contains(says) ?? false, "\(new): \(model.tokenizerProblem ?? "")")
  }

  static let unigrams: [(old: String, new: String, says: String)] = [
    ("\"unk_id\":0", "\"unk_id\":100000", "the token for what is unknown is none"),
    ("\"unk_id\":0", "\"unk_id\":-1", "\"unk_id\" should be a whole number"),
    (
      "\"vocab\":[[", "\"vocab\":[[1],[",
      "should be a list of texts with scores, found a list of 1 in it"
    ),
    ("\"vocab\":[[", "\"vocab\":[[\"a\",NaN],[", "should be a list of texts with scores"),
    (
      "\"vocab\":[[", "\"vocab\":[],\"other\":[[",
      "should be a list of texts with scores, found none"
    ),
  ]

  @Test(arguments: unigrams.indices) func `faults of unigrams`(index: Int) throws {
    let (old, new, says) = Self.unigrams[index]
    let source = fixtures.appending(path: "tokenizers/unigram.json")
    let text = try String(contentsOf: source, encoding: .utf8)
    #expect(text.contains(old), "\(old)")
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "tokenizer.json")
      try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: url)
      let error = #expect(throws: CheckpointError.self) { try SubwordTokenizer(json: url) }
      #expect(error?.description.contains(says) ?? false, "\(new): \(error?.description ?? "")")
    }
  }

  @Test func `a tokenizer of more tokens than the model knows`() throws {
    let source = fixtures.appending(path: "tokenizers/gpt2.json")
    let text = try String(contentsOf: source, encoding: .utf8)
    let model = try load("gpt2", changing: "tokenizer.json") { _ in text }
    #expect(model.tokenizerProblem?.contains("the model knows only 61") ?? false)
  }
}
