/// Splits text into the pieces of which tokens are made, each on its own.
struct PreTokenizer: Sendable {
  enum Step: Sendable {
    case split(SplitPattern)
    /// Puts a space before a piece that does not start with one.
    case prefixSpace
    /// Writes bytes in the alphabet for them.
    case spellBytes
    /// Writes spaces as another character, of which a word may get one that had no space before it.
    case markSpaces(String, prefix: Prefix)
  }

  /// Which pieces get a space that they do not have.
  enum Prefix: String, Sendable {
    case first
    case always
    case never
  }

  /// Where a stretch of text lies.
  struct Start {
    /// Whether nothing comes before it.
    var isFirst = true
    /// Whether the text follows another one, so that no space is put before it.
    var continues = false
  }

  var steps: [Step] = []

  /// Whether pieces are spelt in the alphabet for bytes.
  var spellsBytes: Bool {
    steps.contains { if case .spellBytes = $0 { true } else { false } }
  }

  /// The pieces of a stretch of text.
  func pieces(of text: String, _ start: Start = Start()) -> [String] {
    steps.reduce(text.isEmpty ? [] : [text]) { pieces, step in
      pieces.enumerated().flatMap { index, piece in
        Self.apply(
          step, to: piece, Start(isFirst: start.isFirst && index == 0, continues: start.continues))
      }
    }
  }

  private static func apply(_ step: Step, to piece: String, _ start: Start) -> [String] {
    switch step {
    case .split(let pattern): return pattern.pieces(of: piece)
    case .prefixSpace:
      return [start.continues || piece.utf8.first == UInt8(ascii: " ") ? piece : " " + piece]
    case .spellBytes: return [ByteAlphabet.spell(piece.utf8)]
    case .markSpaces(let mark, let prefix):
      let marked = piece.replacingBytes(of: " ", with: mark)
      let isWanted = prefix == .always || prefix == .first && start.isFirst
      let isThere = marked.utf8.starts(with: mark.utf8)
      return [isWanted && !start.continues && !isThere ? mark + marked : marked]
    }
  }
}

extension PreTokenizer {
  /// Contractions, letters, digits, signs, white space: the split of GPT-2.
  static let gpt2 =
    #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  /// Every digit by itself.
  static let digit = #"\p{N}"#
  /// Three digits of ten together, as Falcon splits them.
  static let threeDigits = "[0-9][0-9][0-9]"

  /// Text to pieces in the alphabet for bytes.
  ///
  /// - Throws: ``TokenizerProblem`` for a pattern that is not understood.
  static func bytes(_ patterns: [String]) throws(TokenizerProblem) -> PreTokenizer {
    var steps: [Step] = []
    for pattern in patterns { steps.append(.split(try SplitPattern(pattern))) }
    return PreTokenizer(steps: steps + [.spellBytes])
  }

  /// The splits that GGUF files call by name, applied one after another.
  static func named(_ name: String) -> [String]? {
    switch name {
    // SmolLM's vocabulary joins no digits, so splitting them first would only matter where several
    // spaces or a sign such as ½ come with them; there, these are the tokens of the reference values.
    case "gpt-2", "gpt2", "smollm", "mpt", "olmo", "jais", "phi-2": [gpt2]
    case "llama-bpe", "llama3", "llama-v3", "dbrx", "smaug-bpe": [modern(digits: "{1,3}")]
    case "qwen2", "stablelm2", "megrez": [modern(digits: "")]
    case "starcoder", "refact", "command-r", "codeshell": [digit, gpt2]
    case "falcon": [#"[\p{P}\$\+<=>\^~\|`]+"#, gpt2, threeDigits]
    case "default": [#"[\p{P}\$\+<=>\^~\|]+"#, gpt2, #"\p{N}+"#, threeDigits]
    case "gpt-4o": [cased]
    default: nil
    }
  }

  /// The split of Llama 3 and Qwen 2, which differ in how many digits stay together.
  private static func modern(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The split of GPT-4o, at the capital letters inside of words too.
  private static let cased = {
    let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
    let end = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    let first = #"[^\r\n\p{L}\p{N}]?"#
    return "\(first)\(upper)*\(lower)+\(end)|\(first)\(upper)+\(lower)*\(end)|"
      + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }()
}
