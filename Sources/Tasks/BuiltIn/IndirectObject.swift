public import Engine
import Tensors

/// Indirect object identification: after "When Ann and Tom …, Tom gave a book to" comes "Ann".
///
/// The task of Wang et al. (arXiv 2211.00593) with templates and words of our own. In half of the
/// templates' uses the giver is named second (ABBA), in half first (BABA). The corrupted prompt
/// has three other names (ABC), so that nothing tells who should receive.
public struct IndirectObject: BuiltInTask {
  /// The name on the command line.
  public let name = "ioi"
  /// What the model has to do.
  public let summary = "name the one who receives: When Ann and Tom met, Tom gave a book to → Ann"

  /// Who does it.
  public let doneBy = "GPT-2 small, Pythia-160M, SmolLM2-135M"

  /// The task takes no options.
  public init() {}

  /// First and second person, then the giver; nouns follow without an article of their own.
  private static let templates = [
    "When{1} and{2} went to the{place},{giver} gave a{object} to",
    "After{1} and{2} met at the{place},{giver} handed a{object} to",
    "While{1} and{2} were working at the{place},{giver} passed a{object} to",
    "Once{1} and{2} got to the{place},{giver} offered a{object} to",
    "Last night,{1} and{2} stayed late at the{place}.{giver} brought a{object} to",
    "Before{1} and{2} left the{place},{giver} showed a{object} to",
    "Yesterday,{1} and{2} had a long talk at the{place}. Then{giver} sent a{object} to",
    "The{place} was crowded when{1} and{2} arrived, so{giver} took a{object} to",
  ]
  private static let places = [
    " store", " park", " school", " office", " station", " library", " beach", " market",
  ]
  private static let objects = [
    " book", " drink", " ring", " letter", " ticket", " basket", " camera", " flower",
  ]
  private static let names = [
    "Adam", "Alan", "Alice", "Amy", "Andrew", "Anna", "Anthony", "Brian", "Carl", "Carol",
    "Charles", "Chris", "Clara", "Daniel", "David", "Diana", "Edward", "Elizabeth", "Emily",
    "Emma", "Eric", "Frank", "George", "Grace", "Henry", "Jack", "Jacob", "James", "Jane", "Jason",
    "Jennifer", "Jessica", "John", "Joseph", "Julia", "Kate", "Kevin", "Laura", "Lisa", "Lucy",
    "Maria", "Mark", "Martin", "Mary", "Matthew", "Michael", "Nick", "Oliver", "Paul", "Peter",
    "Rachel", "Richard", "Robert", "Rose", "Ruth", "Ryan", "Samuel", "Sarah", "Scott", "Simon",
    "Sophie", "Steven", "Susan", "Thomas", "Victoria", "Walter", "William",
  ]

  /// Makes prompt pairs of names that are one token each.
  ///
  /// - Throws: ``TaskError`` when the model has no tokenizer or too few one-token names.
  public func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair]
  {
    var writer = try PromptWriter(task: name, seed: seed, model)
    let names = try writer.singleTokens(Self.names, atLeast: 5, "names")
    var pairs: [PromptPair] = []
    for _ in 0..<count {
      pairs.append(try pair(names, &writer))
    }
    return pairs
  }

  private func pair(
    _ names: [String], _ writer: inout PromptWriter
  ) throws(TaskError) -> PromptPair {
    let chosen = names.shuffled(using: &writer.generator).prefix(5).map { " " + $0 }
    let (receiver, giver) = (chosen[0], chosen[1])
    let template = writer.pick(Self.templates)
    let nouns = ["place": writer.pick(Self.places), "object": writer.pick(Self.objects)]
    let giverIsFirst = Bool.random(using: &writer.generator)
    let clean = nouns.merging(
      [
        "1": giverIsFirst ? giver : receiver, "2": giverIsFirst ? receiver : giver, "giver": giver,
      ]) { $1 }
    let corrupted = nouns.merging(["1": chosen[2], "2": chosen[3], "giver": chosen[4]]) { $1 }
    return try writer.pair(
      PromptWriter.fill(template, clean), PromptWriter.fill(template, corrupted),
      answers: writer.tokenizer.encode(continuing: receiver),
      wrong: writer.tokenizer.encode(continuing: giver),
      marks: nouns.map { SpanMark($0.key, $0.value) }.sorted { $0.name < $1.name } + [
        SpanMark("IO", receiver), SpanMark("S1", giver), SpanMark("S2", giver, occurrence: 2),
      ])
  }
}
