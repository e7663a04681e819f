public import Engine

/// Docstrings: the parameters of a function are described in its order, so the third follows the second.
///
/// The task of Heimersheim and Janiak, as ACDC (arXiv 2304.14997) uses it, with words of our own. In the
/// corrupted prompt the function and its description name other parameters, so nothing tells which is next.
/// Wrong answers are the function's other parameters.
public struct Docstring: BuiltInTask {
  /// The name on the command line.
  public let name = "docstring"
  /// What the model has to do.
  public let summary =
    "name the parameter that is described next: def f(self, a, b, c): … :param b: … :param → c"
  /// Who does it.
  public let doneBy = "attn-only-4l, SmolLM2-135M; models that have read code"

  /// The task takes no options.
  public init() {}

  private static let template = """
    def{function}(self,{0},{1},{2},{3}):
        \"\"\"{first}{second}{third}

        :param{4}:{fourth}{fifth}
        :param{5}:{sixth}{seventh}
        :param
    """
  private static let functions = ["load", "make", "send", "find", "read", "open", "check", "build"]
  private static let parameters = [
    "file", "name", "value", "index", "count", "size", "path", "line", "text", "node", "user",
    "data",
    "key", "type", "mode", "item", "list", "start", "end", "time", "date", "order", "group",
    "field",
    "word", "image", "model", "label", "point", "state", "color", "table",
  ]
  private static let words = [
    "water", "house", "light", "music", "garden", "paper", "river", "stone", "winter", "summer",
    "morning", "street", "window", "bridge", "market", "silver", "forest", "letter", "island",
    "village",
  ]

  /// Makes prompt pairs of words that are one token each.
  ///
  /// - Throws: ``TaskError`` when the model has no tokenizer or too few one-token words.
  public func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair]
  {
    var writer = try PromptWriter(task: name, seed: seed, model)
    let functions = try writer.singleTokens(Self.functions, atLeast: 1, "names of functions")
    let parameters = try writer.singleTokens(Self.parameters, atLeast: 10, "names of parameters")
    let words = try writer.singleTokens(Self.words, atLeast: 7, "words")
    var pairs: [PromptPair] = []
    for _ in 0..<count {
      let names = parameters.shuffled(using: &writer.generator).prefix(10).map { $0 }
      let places = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]
      let described = words.shuffled(using: &writer.generator).prefix(7)
      var fixed = Dictionary(uniqueKeysWithValues: zip(places, described.map { " " + $0 }))
      fixed["function"] = " " + writer.pick(functions)
      let text = { (names: [String]) in
        let keys = names.enumerated().map { ("\($0)", " " + $1) }
        return PromptWriter.fill(
          Self.template, fixed.merging(Dictionary(uniqueKeysWithValues: keys)) { $1 })
      }
      let clean = Array(names[..<4])
      // Four other names in the function, and two more that are described.
      let corrupted = Array(names[4..<10])
      pairs.append(
        try writer.pair(
          text(clean + clean[..<2]), text(corrupted), answers: writer.tokens([clean[2]]),
          wrong: writer.tokens([clean[0], clean[1], clean[3]]),
          marks: (0..<4).map { SpanMark("parameter \($0 + 1)", " " + clean[$0]) }
            + (0..<2).map { SpanMark("described \($0 + 1)", " " + clean[$0], occurrence: 2) }))
    }
    return pairs
  }
}
