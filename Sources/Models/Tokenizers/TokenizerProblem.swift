import Graphs

/// What is wrong with a tokenizer's tables.
enum TokenizerProblem: Error {
  case badToken(String, Int32)
  case noBytes
  case unknownMerge(String)
  case badPattern(String)
  case slowPattern(String)
  case badUnknown

  var sentence: String {
    switch self {
    case .badToken(let text, let token):
      "the token \"\(text.shortened)\" has the number \(token), which is negative or another's"
    case .badUnknown: "the token for what is unknown is none of the vocabulary"
    case .noBytes: "the vocabulary has no token for any byte"
    case .unknownMerge(let merge):
      "the merge \"\(merge.shortened)\" joins or makes a token that the vocabulary lacks"
    case .badPattern(let pattern):
      "the pre-tokenizer's pattern \"\(pattern.shortened)\" is not understood"
    case .slowPattern(let pattern):
      """
      the pre-tokenizer's pattern \"\(pattern.shortened)\" repeats a group that itself repeats something, which can \
      take forever
      """
    }
  }
}
