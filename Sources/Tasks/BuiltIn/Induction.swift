public import Engine
import Tensors

/// Induction: a token that occurred before is followed by what followed it then, `… A B … A → B`.
///
/// Prompts are random tokens, so any model can be asked. In the corrupted prompt another token
/// stands at the first `A`, so that nothing tells what follows the second one.
public struct Induction: BuiltInTask {
  /// The name on the command line.
  public let name = "induction"
  /// What the model has to do.
  public let summary = "repeat what followed a random token before: … A B … A → B"

  /// Who does it.
  public let doneBy = "GPT-2 small, Pythia-160M, SmolLM2-135M; transformers of two layers or more"

  /// Tokens of a prompt, without a start token.
  private static let length = 10

  /// The task takes no options.
  public init() {}

  /// Makes prompt pairs of random, ordinary tokens.
  ///
  /// - Throws: ``TaskError`` when the model has too few tokens or positions.
  public func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair]
  {
    let start = model.tokenizer?.startToken.map { [$0] } ?? []
    let tokens = model.ordinaryTokens
    guard tokens.count > Self.length, model.configuration.contextLength > Self.length else {
      throw .unsuitableModel(
        task: name, reason: "it needs more than \(Self.length) tokens and positions")
    }
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      // Distinct tokens, but for the last one, which repeats one of the first.
      var chosen: Set<Int32> = []
      var prompt: [Int32] = []
      while prompt.count <= Self.length {
        let token = tokens[Int.random(in: 0..<tokens.count, using: &generator)]
        if chosen.insert(token).inserted { prompt.append(token) }
      }
      let replacement = prompt.removeLast()
      let place = Int.random(in: 1..<(Self.length - 3), using: &generator)
      prompt[Self.length - 1] = prompt[place]
      var corrupted = prompt
      corrupted[place] = replacement
      let others = prompt.indices.filter { $0 != place + 1 && $0 != place && $0 < Self.length - 1 }
      let wrong = prompt[others[Int.random(in: 0..<others.count, using: &generator)]]
      var labels = [String](repeating: SpanName.rest, count: start.count + prompt.count)
      for (name, position) in [("A", place), ("B", place + 1), (SpanName.end, prompt.count - 1)] {
        labels[start.count + position] = name
      }
      return PromptPair(
        clean: start + prompt, corrupted: start + corrupted, answers: [prompt[place + 1]],
        wrongAnswers: [wrong], labels: labels)
    }
  }
}
