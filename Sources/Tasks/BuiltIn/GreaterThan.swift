public import Models

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
    for _ in 0..<count {
      let noun = writer.pick(Self.nouns)
      let century = Int.random(in: 11...18, using: &writer.generator)
      let text = { (year: String) in
        "The \(noun) lasted from the year \(century)\(year) to the year \(century)"
      }
      let endings = try endings(after: text("32"), writer)
      // The first and last decade or year would leave no answer, or no wrong one.
      let last = Int.random(in: 1..<(endings.count - 1), using: &writer.generator)
      let areDigits = endings.count == 10
      let year = areDigits ? 10 * last + Int.random(in: 0...9, using: &writer.generator) : last
      pairs.append(
        try writer.pair(
          text(year < 10 ? "0\(year)" : "\(year)"), text("01"),
          answers: Array(endings[(last + 1)...]),
          wrong: Array(endings[..<(areDigits ? last : last + 1)])))
    }
    return pairs
  }

  /// The tokens that can follow a text: of 100 years, or of 10 digits where digits are split.
  private func endings(
    after text: String, _ writer: PromptWriter
  ) throws(TaskError) -> [Int32] {
    let before = writer.prompt(text)
    let following = { (endings: [String]) -> [Int32]? in
      let tokens = endings.compactMap { ending -> Int32? in
        let whole = writer.prompt(text + ending)
        return whole.count == before.count + 1 && whole.starts(with: before) ? whole.last : nil
      }
      return tokens.count == endings.count ? tokens : nil
    }
    let years = following((0..<100).map { $0 < 10 ? "0\($0)" : "\($0)" })
    guard let endings = years ?? following((0..<10).map(String.init)) else {
      throw .unsuitableModel(
        task: name, reason: "its tokenizer splits years neither into digits nor into pairs of them")
    }
    return endings
  }
}
