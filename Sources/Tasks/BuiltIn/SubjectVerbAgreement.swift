public import Engine

/// Subject-verb agreement: "The keys near the cabinet" → are, not is.
///
/// The task of Linzen et al. (arXiv 1611.01368) with words of our own: a second noun stands between subject and
/// verb, and has its number or the other one. The corrupted prompt has the subject in the other number.
public struct SubjectVerbAgreement: BuiltInTask {
  /// The name on the command line.
  public let name = "sva"
  /// What the model has to do.
  public let summary = "choose a verb of the subject's number: The keys near the cabinet → are"
  /// Who does it.
  public let doneBy = "GPT-2 small, Pythia-160M, SmolLM2-135M"
  /// Right probability minus wrong probability, as published.
  public var metricName: String { ProbabilityDifference().name }

  /// The task takes no options.
  public init() {}

  private static let nouns = [
    "key", "book", "friend", "teacher", "doctor", "farmer", "author", "picture", "letter",
    "student",
    "car", "house", "tree", "bird", "player", "king", "guard", "writer", "singer", "officer",
    "scientist", "actor", "worker", "driver", "brother", "sister", "boy", "girl", "dog", "cat",
  ]
  private static let attractors = [
    "table", "window", "garden", "door", "river", "road", "chair", "wall", "box", "street",
    "bridge",
    "building", "park", "market", "school", "church", "station",
  ]
  private static let prepositions = ["near", "behind", "by", "beside", "from", "across from"]
  private static let verbs = (one: ["is", "was", "has"], many: ["are", "were", "have"])

  /// Makes prompt pairs of nouns that are one token in both numbers.
  ///
  /// - Throws: ``TaskError`` when the model has no tokenizer, or too few such nouns.
  public func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair]
  {
    var writer = try PromptWriter(task: name, seed: seed, model)
    let plurals = Set(
      try writer.singleTokens(Self.nouns.map { $0 + "s" }, atLeast: 2, "plural nouns"))
    let nouns = try writer.singleTokens(Self.nouns, atLeast: 2, "nouns").filter {
      plurals.contains($0 + "s")
    }
    guard nouns.count >= 2 else {
      throw .unsuitableModel(task: name, reason: "too few nouns are one token in both numbers")
    }
    let verbs = [Self.verbs.one, Self.verbs.many].map(writer.tokens)
    guard verbs.allSatisfy({ $0.count == Self.verbs.one.count }) else {
      throw .unsuitableModel(task: name, reason: "its tokenizer splits verbs")
    }
    var pairs: [PromptPair] = []
    for _ in 0..<count {
      let isPlural = Bool.random(using: &writer.generator)
      let noun = writer.pick(nouns)
      let attractor = writer.pick(Self.attractors)
      let other =
        Bool.random(using: &writer.generator) && attractor != "box" && attractor != "church"
        ? attractor + "s" : attractor
      let preposition = writer.pick(Self.prepositions)
      let text = { (subject: String) in "The \(subject) \(preposition) the \(other)" }
      pairs.append(
        try writer.pair(
          text(isPlural ? noun + "s" : noun), text(isPlural ? noun : noun + "s"),
          answers: verbs[isPlural ? 1 : 0], wrong: verbs[isPlural ? 0 : 1],
          marks: [
            SpanMark("subject", " " + (isPlural ? noun + "s" : noun)),
            SpanMark("preposition", " \(preposition) the"), SpanMark("attractor", " " + other),
          ]))
    }
    return pairs
  }
}
