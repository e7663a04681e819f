public import Engine

/// A behaviour to be explained: prompt pairs and the metric that measures it.
public struct CircuitTask: Sendable {
  /// What the task is called.
  public let name: String
  /// The prompt pairs, at least one.
  public let pairs: [PromptPair]
  /// How much of the behaviour a run shows.
  public let metric: any Metric
  /// What a reader of results should know of where the pairs come from, in one sentence each.
  public let notes: [String]

  /// Takes pairs that belong to one model's vocabulary.
  ///
  /// - Parameters:
  ///   - name: What the task is called.
  ///   - pairs: The prompt pairs.
  ///   - metric: How the behaviour is measured.
  ///   - model: The model whose tokens the pairs hold.
  ///   - numbers: How errors call the pairs; nil counts them from 1.
  ///   - notes: What a reader of results should know of the pairs.
  /// - Throws: ``TaskError`` when there is no pair, a token is not one of the model's, a prompt is
  ///   longer than the model's context, or the metric needs answers that a pair lacks.
  public init(
    name: String, pairs: [PromptPair], metric: any Metric, model: Transformer,
    numbers: [Int]? = nil, notes: [String] = []
  ) throws(TaskError) {
    guard !pairs.isEmpty else { throw .empty(task: name) }
    for (index, pair) in pairs.enumerated() {
      try Self.check(pair, number: numbers?[index] ?? index + 1, metric: metric, model: model)
    }
    self.init(name: name, checked: pairs, metric: metric, notes: notes)
  }

  /// Refuses a pair that does not belong to a model, or lacks answers that a metric needs.
  ///
  /// - Throws: ``TaskError``, which calls the pair by its number.
  static func check(
    _ pair: PromptPair, number: Int, metric: any Metric, model: Transformer
  ) throws(TaskError) {
    let configuration = model.configuration
    for (tokens, count) in [
      (pair.clean + pair.corrupted, configuration.vocabularySize),
      (pair.answers + pair.wrongAnswers, configuration.outputCount),
    ] {
      let known = 0..<Int32(count)
      if let token = tokens.first(where: { !known.contains($0) }) {
        throw .unknownToken(token, pair: number, vocabularySize: count)
      }
    }
    guard pair.clean.count <= configuration.contextLength else {
      throw .promptTooLong(
        pair: number, length: pair.clean.count, limit: configuration.contextLength)
    }
    let wrong = Set(pair.wrongAnswers)
    if let token = pair.answers.first(where: wrong.contains) {
      throw .contradictoryAnswers(pair: number, token: token)
    }
    for (needed, given, field) in [
      (metric.needsAnswers, pair.answers, "answers"),
      (metric.needsWrongAnswers, pair.wrongAnswers, "wrong_answers"),
    ] where needed && given.isEmpty {
      throw .missingAnswers(pair: number, field: field, metric: metric.name)
    }
  }

  private init(name: String, checked pairs: [PromptPair], metric: any Metric, notes: [String] = [])
  {
    self.notes = notes
    self.name = name
    self.pairs = pairs
    self.metric = metric
  }

  /// The task with some of its pairs, at least one.
  public func restricted(to range: Range<Int>) -> CircuitTask {
    precondition(!range.isEmpty, "a task without pairs")
    return CircuitTask(name: name, checked: Array(pairs[range]), metric: metric)
  }

  /// Whether every pair has the answers that a metric needs.
  public func allows(_ metric: any Metric) -> Bool {
    pairs.allSatisfy {
      !(metric.needsAnswers && $0.answers.isEmpty)
        && !(metric.needsWrongAnswers && $0.wrongAnswers.isEmpty)
    }
  }

  /// The pairs in batches of prompts within a limit, or of one prompt.
  ///
  /// - Parameters:
  ///   - limit: How large a batch may be.
  ///   - sharesStarts: Whether batches leave out what the prompts of each pair start with.
  /// - Returns: All pairs, in order.
  package func batches(
    _ limit: Transformer.BatchLimit, sharesStarts: Bool = false
  ) -> [PairBatch] {
    var batches: [PairBatch] = []
    var current: [PromptPair] = []
    var tokenCount = 0
    for pair in pairs {
      if !current.isEmpty,
        tokenCount + pair.clean.count > limit.tokens || current.count == limit.prompts
      {
        batches.append(PairBatch(current, sharesStarts: sharesStarts))
        (current, tokenCount) = ([], 0)
      }
      current.append(pair)
      tokenCount += pair.clean.count
    }
    return batches + [PairBatch(current, sharesStarts: sharesStarts)]
  }
}

/// Prompt pairs that are run together.
package struct PairBatch: Sendable {
  package let pairs: [PromptPair]
  package let clean: TokenBatch
  package let corrupted: TokenBatch
  private let sharesStarts: Bool

  /// - Parameters:
  ///   - pairs: The pairs.
  ///   - sharesStarts: Whether to leave out the tokens with which both prompts of a pair start.
  package init(_ pairs: [PromptPair], sharesStarts: Bool = false) {
    self.pairs = pairs
    self.sharesStarts = sharesStarts
    let positions = pairs.map(\.positions)
    let counts = pairs.map { sharesStarts ? $0.sharedCount : 0 }
    clean = TokenBatch(pairs.map(\.clean), positions: positions, cachedCounts: counts)
    corrupted = TokenBatch(pairs.map(\.corrupted), positions: positions, cachedCounts: counts)
  }

  /// The same pairs several times, one after another.
  package func repeated(_ count: Int) -> PairBatch {
    PairBatch(
      [[PromptPair]](repeating: pairs, count: count).flatMap(\.self), sharesStarts: sharesStarts)
  }

  /// Keys and values of the tokens that were left out; nil when none were.
  ///
  /// - Complexity: A forward pass over those tokens.
  package func cache(_ model: Transformer) -> KeyValueCache? {
    guard clean.cachedCounts.contains(where: { $0 > 0 }) else { return nil }
    return KeyValueCache(
      model, starts: zip(pairs, clean.cachedCounts).map { Array($0.clean.prefix(Int($1))) })
  }

  /// For each row of logits, its prompt's answers.
  var answers: [[Int32]] { perRow(\.answers) }
  /// For each row of logits, its prompt's wrong answers.
  var wrongAnswers: [[Int32]] { perRow(\.wrongAnswers) }
  package var promptCount: Int { pairs.count }
  /// All right and wrong answers of the prompts, ascending.
  package var outputs: [Int32] {
    Set(pairs.flatMap { $0.answers + $0.wrongAnswers }).sorted()
  }

  private func perRow(_ tokens: (PromptPair) -> [Int32]) -> [[Int32]] {
    pairs.flatMap { [[Int32]](repeating: tokens($0), count: $0.positions.count) }
  }
}

extension PromptPair {
  /// How many tokens both prompts start with before the first at which they differ or are measured.
  fileprivate var sharedCount: Int {
    let same = zip(clean, corrupted).prefix { $0 == $1 }.count
    return positions.reduce(same, min)
  }
}

extension Transformer {
  /// Whether runs may leave out what the prompts of a pair start with: nothing there depends on any mask.
  package func sharesStarts(under ablation: Ablation) -> Bool {
    ablation == .resample && configuration.isCausal
  }
}
