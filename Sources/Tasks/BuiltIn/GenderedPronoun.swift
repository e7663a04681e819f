public import Engine

/// Gendered pronouns: a name is taken up by "he" or "she", "So Mary is such a good cook, isn't" → she.
///
/// The task of Mathwin et al., as ACDC (arXiv 2304.14997) and Edge Pruning use it, with templates and names of
/// our own. The corrupted prompt has a name of the other gender.
public struct GenderedPronoun: BuiltInTask {
  /// The name on the command line.
  public let name = "gendered-pronoun"
  /// What the model has to do.
  public let summary = "take a name up by its pronoun: So Mary is such a good cook, isn't → she"
  /// Who does it.
  public let doneBy = "GPT-2 small, Pythia-160M, SmolLM2-135M"

  /// The task takes no options.
  public init() {}

  private static let templates = [
    "So{name} is such a good cook, isn't", "So{name} is a really kind neighbour, isn't",
    "I think{name} was the best player of the team, wasn't",
    "Of course{name} will be there on time, won't", "It seems that{name} has already left, hasn't",
    "You know that{name} can speak French, can't",
  ]
  private static let women = [
    "Alice", "Amy", "Anna", "Carol", "Clara", "Diana", "Elizabeth", "Emily", "Emma", "Grace",
    "Jane",
    "Jennifer", "Jessica", "Julia", "Kate", "Laura", "Lisa", "Lucy", "Maria", "Mary", "Rachel",
    "Ruth",
    "Sarah", "Sophie", "Susan", "Victoria",
  ]
  private static let men = [
    "Adam", "Alan", "Andrew", "Anthony", "Brian", "Carl", "Charles", "Daniel", "David", "Edward",
    "Eric", "Frank", "George", "Henry", "Jack", "Jacob", "James", "Jason", "John", "Joseph",
    "Kevin",
    "Mark", "Matthew", "Michael", "Oliver", "Paul", "Peter", "Richard", "Robert", "Ryan", "Samuel",
    "Scott", "Simon", "Steven", "Thomas", "Walter", "William",
  ]

  /// Makes prompt pairs of names that are one token each.
  ///
  /// - Throws: ``TaskError`` when the model has no tokenizer or too few one-token names.
  public func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair]
  {
    var writer = try PromptWriter(task: name, seed: seed, model)
    let genders = [
      (names: try writer.singleTokens(Self.women, atLeast: 2, "names of women"), pronoun: "she"),
      (names: try writer.singleTokens(Self.men, atLeast: 2, "names of men"), pronoun: "he"),
    ]
    var pairs: [PromptPair] = []
    for _ in 0..<count {
      let isMan = Bool.random(using: &writer.generator)
      let (own, other) = (genders[isMan ? 1 : 0], genders[isMan ? 0 : 1])
      let template = writer.pick(Self.templates)
      let names = [writer.pick(own.names), writer.pick(other.names)]
      let texts = names.map { PromptWriter.fill(template, ["name": " " + $0]) }
      pairs.append(
        try writer.pair(
          texts[0], texts[1], answers: writer.tokens([own.pronoun]),
          wrong: writer.tokens([other.pronoun]), marks: [SpanMark("name", names[0])]))
    }
    return pairs
  }
}
