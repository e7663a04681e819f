public import Engine

/// Greater-than: a span of years ends after it began, "The war lasted from the year 1732 to the year 17" → 33 or more.
///
/// The task of Hanna et al. (arXiv 2305.00586) with words of our own. Where the tokenizer has a token for two
/// digits, answers are the years of the century that are later and wrong answers those that are not; where it
/// splits digits, the digits of later decades and of earlier ones: in the same decade a span may end. The corrupted prompt begins in the year 01.
public struct GreaterThan: BuiltInTask {
  /// The name on the command line.
  public let name = "greater-than"
  /// What the model has to do.
  public let summary =
    "end a span of years later than it began: from the year 1732 to the year 17 → 33 …"
  /// Who does it.
  public let doneBy = "GPT-2 small, Pythia-160M, SmolLM2-135M"
  /// Right probability minus wrong probability, as published.
  public var metricName: String { ProbabilityDifference().name }

  /// The task takes no options.
  public init() {}

  private static let nouns = [
    "war", "siege", "strike", "reign", "famine", "drought", "project", "dispute", "voyage",
    "campaign",
    "conflict", "alliance", "treaty", "rebellion", "construction", "expedition", "marriage",
    "trial",
    "partnership", "epidemic", "occupation", "restoration", "exhibition", "boycott", "negotiation",
    "migration", "programme", "tour", "feud", "truce",
  ]

  /// Makes prompt pairs.
  ///
  /// - Throws: ``TaskError`` when the model has no tokenizer, or one that has tokens for whole years.
  public func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair]
  {
    var writer = try PromptWriter(task: name, seed: seed, model)
    var pairs: [PromptPair] = []
    // What can follow a century does not depend on the noun, which is pieces away.
    var centuries: [Int: (endings: Endings, usable: [Int])] = [:]
    for _ in 0..<count {
      let noun = writer.pick(Self.nouns)
      let century = Int.random(in: 11...18, using: &writer.generator)
      let text = { (year: String) in
        "The \(noun) lasted from the year \(century)\(year) to the year \(century)"
      }
      let (endings, usable) =
        if let known = centuries[century] { known } else { try years(of: text, writer) }
      centuries[century] = (endings, usable)
      let number = writer.pick(usable)
      let year =
        endings.areDigits
        ? "\(number)\(Int.random(in: 0...9, using: &writer.generator))" : endings.year(number)
      pairs.append(
        try writer.pair(
          text(year), text("01"), answers: endings.tokens { $0 > number },
          wrong: endings.tokens { endings.areDigits ? $0 < number : $0 <= number },
          marks: [
            SpanMark("noun", noun), SpanMark("century", " \(century)"),
            SpanMark("year", "\(year) to the year"), SpanMark("to", " to the year"),
            SpanMark("end", " \(century)", occurrence: 2),
          ]))
    }
    return pairs
  }

  /// The tokens that can follow a century: of years, or of a decade's digit where digits are split.
  private struct Endings {
    let areDigits: Bool
    let all: [(number: Int, token: Int32)]

    /// The smallest number of which an earlier one can be told, and the largest with a later one.
    var least: Int { areDigits ? 0 : 1 }
    var most: Int { all.last?.number ?? 0 }
    var numbers: [Int] { all.map(\.number) }

    func tokens(where isWanted: (Int) -> Bool) -> [Int32] {
      all.filter { isWanted($0.number) }.map(\.token)
    }

    /// The two digits of a year, or a year of the decade.
    func year(_ number: Int) -> String {
      areDigits ? "\(number)0" : number < 10 ? "0\(number)" : "\(number)"
    }
  }

  /// What can follow a century, and which of it can be the year that a span begins in.
  private func years(
    of text: (_ year: String) -> String, _ writer: PromptWriter
  ) throws(TaskError) -> (endings: Endings, usable: [Int]) {
    let endings = try endings(after: text("32"), writer)
    let length = writer.prompt(text("01")).count
    // The first and last decade or year would leave no answer, or no wrong one.
    let usable = endings.numbers.filter { number in
      number > endings.least && number < endings.most
        && writer.prompt(text(endings.year(number))).count == length
    }
    guard !usable.isEmpty else {
      throw .unsuitableModel(task: name, reason: "its tokenizer splits years unevenly")
    }
    return (endings, usable)
  }

  /// The endings of a text that are one more token each; some years are not, as 1700 in GPT-2.
  private func endings(after text: String, _ writer: PromptWriter) throws(TaskError) -> Endings {
    let before = writer.prompt(text)
    let following = { (texts: [String]) in
      texts.enumerated().compactMap { number, ending -> (number: Int, token: Int32)? in
        let whole = writer.prompt(text + ending)
        guard whole.count == before.count + 1, whole.starts(with: before), let token = whole.last
        else {
          return nil
        }
        return (number, token)
      }
    }
    let years = following((0..<100).map { $0 < 10 ? "0\($0)" : "\($0)" })
    if years.count >= 50 { return Endings(areDigits: false, all: years) }
    let digits = following((0..<10).map(String.init))
    guard digits.count == 10 else {
      throw .unsuitableModel(
        task: name, reason: "its tokenizer splits years neither into digits nor into pairs of them")
    }
    return Endings(areDigits: true, all: digits)
  }
}
