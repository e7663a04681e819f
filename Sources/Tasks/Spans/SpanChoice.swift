/// How prompts are cut into spans: `labels`, `positions`, or a list such as `names=1-2;verb=4;end=last`.
public enum SpanChoice: Sendable, Hashable {
  /// By the names that the task's template or file gives to parts of its prompts.
  case labels
  /// Each position by itself.
  case positions
  /// By positions with names of one's own; all others are `rest`.
  case listed([Listed])

  /// Some positions under a name.
  public struct Listed: Sendable, Hashable {
    /// What they are called.
    public let name: String
    /// Which they are.
    public let positions: AblatedPositions
  }

  /// Reads a choice; nil when the text is none.
  public init?(_ text: String) {
    switch text {
    case "labels": self = .labels
    case "positions": self = .positions
    default:
      let listed = text.split(separator: ";", omittingEmptySubsequences: false).map { part in
        let sides = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        return sides.count == 2 && !sides[0].isEmpty
          ? AblatedPositions(sides[1]).map { Listed(name: sides[0], positions: $0) } : nil
      }
      let known = listed.compactMap(\.self)
      guard known.count == listed.count, Set(known.map(\.name)).count == known.count else {
        return nil
      }
      self = .listed(known)
    }
  }

  /// The most spans that prompts are cut into: each has scores of all edges.
  public static let mostSpans = 100

  /// The name of each token's span.
  ///
  /// - Parameters:
  ///   - pair: A pair of the task.
  ///   - number: Its number, from 1 on.
  ///   - task: The task's name.
  /// - Returns: As many names as tokens.
  /// - Throws: ``TaskError/noSpans(task:pair:)`` when names are asked for and the pair has none.
  func names(
    of pair: PromptPair, number: Int, task: String
  ) throws(TaskError) -> [String] {
    switch self {
    case .labels:
      guard let labels = pair.labels else { throw .noSpans(task: task, pair: number) }
      return labels
    case .positions: return pair.clean.indices.map(String.init)
    case .listed(let listed):
      return pair.clean.indices.map { position in
        listed.last { $0.positions.contains(position, of: pair) }?.name ?? SpanName.rest
      }
    }
  }
}

extension SpanChoice: CustomStringConvertible {
  /// The choice as it is written.
  public var description: String {
    switch self {
    case .labels: "labels"
    case .positions: "positions"
    case .listed(let listed):
      listed.map { "\($0.name)=\($0.positions)" }.joined(separator: ";")
    }
  }
}

extension SpanChoice: Codable {
  /// Reads the text of a choice.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let choice = SpanChoice(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\"\(text)\" is no choice of spans")
    }
    self = choice
  }

  /// Writes the text of the choice.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
