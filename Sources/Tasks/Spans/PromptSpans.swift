import Engine

/// The span that each token of a task's prompts belongs to.
public struct PromptSpans: Sendable, Equatable {
  /// What the spans are called, by where they stand in prompts on the mean.
  public let names: [String]
  /// For each pair and each token the place of its span among ``names``.
  public let places: [[Int]]

  /// Cuts the prompts of a task into spans.
  ///
  /// - Parameters:
  ///   - choice: How.
  ///   - task: The task.
  ///   - names: The spans that there are; nil to find them. Tokens of others belong to `rest`.
  /// - Throws: ``TaskError`` when the prompts have no names for their parts, or there are too many spans.
  public init(
    _ choice: SpanChoice, of task: CircuitTask, names: [String]? = nil
  ) throws(TaskError) {
    var labels: [[String]] = []
    for (index, pair) in task.pairs.enumerated() {
      labels.append(try choice.names(of: pair, number: index + 1, task: task.name))
    }
    let names = names ?? Self.names(labels)
    guard names.count <= SpanChoice.mostSpans else {
      throw .tooManySpans(task: task.name, count: names.count, limit: SpanChoice.mostSpans)
    }
    let known = [String: Int](uniqueKeysWithValues: zip(names, 0...))
    let rest = known[SpanName.rest]
    var places: [[Int]] = []
    for own in labels {
      var row: [Int] = []
      for label in own {
        guard let place = known[label] ?? rest else {
          throw .unknownSpan(task: task.name, name: label, known: names)
        }
        row.append(place)
      }
      places.append(row)
    }
    self.names = names
    self.places = places
  }

  /// All names, by the mean place of their tokens; those of one place in the order of letters.
  private static func names(_ labels: [[String]]) -> [String] {
    var sums: [String: (place: Double, count: Double)] = [:]
    for own in labels {
      for (place, label) in own.enumerated() {
        let sum = sums[label] ?? (0, 0)
        sums[label] = (sum.place + Double(place), sum.count + 1)
      }
    }
    let means = sums.mapValues { $0.place / $0.count }
    return means.keys.sorted { one, other in
      let (left, right) = (means[one] ?? 0, means[other] ?? 0)
      return left == right ? one < other : left < right
    }
  }

  /// For each span its tokens in a batch of the task's prompts, ascending.
  ///
  /// - Parameters:
  ///   - batch: Some of the task's pairs.
  ///   - first: The place of the first of them among all.
  /// - Returns: Ranges of tokens for each span.
  package func tokens(of batch: PairBatch, from first: Int) -> [[Range<Int>]] {
    var tokens = [[Range<Int>]](repeating: [], count: names.count)
    for (token, place) in segments(of: batch, from: first).enumerated() {
      if let last = tokens[place].last, last.upperBound == token {
        tokens[place][tokens[place].count - 1] = last.lowerBound..<(token + 1)
      } else {
        tokens[place].append(token..<(token + 1))
      }
    }
    return tokens
  }

  /// The place of each of a batch's tokens' spans.
  package func segments(of batch: PairBatch, from first: Int) -> [Int] {
    batch.clean.prompts.enumerated().flatMap { index, tokens in
      batch.clean.positions[tokens].map { places[first + index][Int($0)] }
    }
  }
}
