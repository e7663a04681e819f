import Engine
import Files
import Foundation
import TestSupport
import Testing

/// Faults in tokenizers: each its own error, no trap.
@Suite struct TokenizerFaultTests {
  static let tokenizers: [(old: String, new: String, says: String)] = [
    ("\"merges\"", "\"mergers\"", "should describe a BPE model"),
    ("\"type\": \"BPE\"", "\"type\": \"Unigram\"", "tokenizer model Unigram"),
    (
      "\"type\": \"ByteLevel\",\n    \"add_prefix_space\": false", "\"type\": \"Metaspace\"",
      "pre-tokenizer Metaspace"
    ),
    (
      "\"add_prefix_space\": false,\n    \"trim", "\"add_prefix_space\": true,\n    \"trim",
      "add_prefix_space"
    ),
    ("\"normalizer\": null", "\"normalizer\": {\"type\": \"Lowercase\"}", "normalizer Lowercase"),
    ("\"#\": ", "\"#\": -", "which is negative or another's"),
    ("\"#\": 2,", "\"#\": 3,", "which is negative or another's"),
    ("\"byte_fallback\": false", "\"byte_fallback\": true", "byte_fallback"),
    ("\"lstrip\": false", "\"lstrip\": true", "lstrip"),
    ("\"pre_tokenizer\": {", "\"pre_tokenizer\": null, \"unused\": {", "not byte-level"),
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

  @Test func `a tokenizer of more tokens than the model knows`() throws {
    let source = fixtures.appending(path: "tokenizers/gpt2.json")
    let text = try String(contentsOf: source, encoding: .utf8)
    let model = try load("gpt2", changing: "tokenizer.json") { _ in text }
    #expect(model.tokenizerProblem?.contains("the model knows only 61") ?? false)
  }
}
