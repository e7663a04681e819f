package import Engine
package import Graphs

/// At which tokens of each prompt edges are ablated; at all others every edge is intact.
///
/// An edge is ablated at a position when its reader reads the ablated value there.
public struct AblatedPositions: Sendable, Hashable {
  private enum Item: Hashable {
    /// A token counted from the prompt's start, or from its end when negative.
    case index(Int)
    case range(ClosedRange<Int>)
    /// The tokens at which the prompts of a pair differ.
    case changed
  }

  /// nil: every token.
  private let items: [Item]?
  /// The text that names these positions.
  public let description: String

  /// Every token of every prompt.
  public static let all = AblatedPositions(items: nil, description: "all")

  /// The tokens at which the prompts of a pair differ, and the last one.
  public static let changedAndLast = AblatedPositions(
    items: [.changed, .index(-1)], description: "changed,last")

  private init(items: [Item]?, description: String) {
    self.items = items
    self.description = description
  }

  /// Reads a list of positions: `changed,last`, `0,3-5,-2`, or `all`.
  ///
  /// Numbers count from 0, negative ones from the prompt's end; `last` is −1; `changed` are the tokens
  /// at which clean and corrupted prompt differ. Positions that a prompt does not have are passed over.
  /// nil when the text is not such a list.
  public init?(_ text: String) {
    guard text != "all" else {
      self = .all
      return
    }
    var items: [Item] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let item = Self.item(part) else { return nil }
      items.append(item)
    }
    self.init(items: items, description: text)
  }

  private static func item(_ text: Substring) -> Item? {
    if text == "changed" { return .changed }
    if text == "last" { return .index(-1) }
    if let index = Int(text) { return .index(index) }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else {
      return nil
    }
    return .range(first...last)
  }

  /// Whether a token of a pair's prompts is one of these.
  func contains(_ position: Int, of pair: PromptPair) -> Bool {
    guard let items else { return true }
    return items.contains { item in
      switch item {
      case .index(let index): position == (index < 0 ? pair.clean.count + index : index)
      case .range(let range): range.contains(position)
      case .changed: pair.clean[position] != pair.corrupted[position]
      }
    }
  }

  /// The masks of a run that is masked at these tokens only: at all others every edge is intact.
  ///
  /// - Parameters:
  ///   - masks: One for all prompts, or one for each.
  ///   - batch: The prompts.
  /// - Returns: The masks of the clean prompts' tokens.
  package func masks(_ masks: [EdgeMask], in batch: PairBatch) -> RunMasks {
    precondition(
      masks.count == 1 || masks.count == batch.promptCount,
      "\(masks.count) masks of \(batch.promptCount) prompts")
    guard items != nil || masks.count > 1 else {
      return RunMasks(masks[0], tokenCount: batch.clean.tokens.count)
    }
    let intact = items == nil ? [] : [EdgeMask(1, graph: masks[0].graph)]
    return RunMasks(
      masks + intact,
      segments: zip(batch.pairs, batch.clean.prompts).enumerated().flatMap { prompt, item in
        let (pair, tokens) = item
        return batch.clean.positions[tokens].map {
          contains(Int($0), of: pair) ? min(prompt, masks.count - 1) : masks.count
        }
      })
  }
}

extension AblatedPositions: CustomStringConvertible {}
