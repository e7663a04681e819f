import Evaluation
public import Graphs

/// Which edges of all scored ones a circuit keeps, where something is said.
public struct SelectionPlan: Sendable, Equatable, Codable {
  /// How many; nil for what ``keep`` says, else what the method itself decides on, else the smallest circuit that
  /// keeps 85 %.
  public var size: CircuitSelection.Size?
  /// The share of the metric that the smallest circuit is to keep, on prompts that are held out.
  public var keep: Double?
  /// What makes one edge rank before another.
  public var ranking: EdgeScores.Ranking?
  /// The order in which edges are taken up.
  public var order: CircuitSelection.Order?
  /// Whether edges that lie on no path from input to logits are dropped; those that are searched for always are.
  public var prunes: Bool
  /// The share of a number of edges whose scores are positive; nil for what the ranking gives.
  public var positiveShare: Double?
  /// In which share of draws of prompts the sign of an edge's score is to be that of all; nil for whatever it is.
  ///
  /// Only scores prompt by prompt tell: other edges count as of score 0.
  public var signShare: Double?

  /// Describes a choice; see the properties.
  public init(
    size: CircuitSelection.Size? = nil, keep: Double? = nil, ranking: EdgeScores.Ranking? = nil,
    order: CircuitSelection.Order? = nil, prunes: Bool = false, positiveShare: Double? = nil,
    signShare: Double? = nil
  ) {
    self.positiveShare = positiveShare
    self.signShare = signShare
    self.size = size
    self.keep = keep
    self.ranking = ranking
    self.order = order
    self.prunes = prunes
  }

  /// Whether a circuit is chosen here: by its size or by what it does.
  public var isGiven: Bool { size != nil || keep != nil }

  /// The choice, with another one's options where this says nothing.
  public func selection(default other: CircuitSelection) -> CircuitSelection {
    CircuitSelection(
      size ?? other.size, ranking: ranking ?? other.ranking, order: order ?? other.order,
      prunes: prunes || other.prunes,
      positiveShare: positiveShare
        ?? (ranking == nil && order == nil && (size ?? other.size).isCounted
          ? other.positiveShare : nil))
  }

  /// The scores that edges are chosen by: means over prompts, 0 where their sign depends too much on the prompts.
  ///
  /// - Parameters:
  ///   - parts: The scores of each prompt.
  ///   - seed: Where random choices start.
  /// - Returns: A score for every edge.
  func scores(of parts: [EdgeScores], seed: UInt64) -> EdgeScores {
    signShare.map { EdgeScores(signConsistent: parts, share: $0, seed: seed) }
      ?? EdgeScores(meanOf: parts)
  }

  /// Finds out whether the choice makes sense.
  ///
  /// - Throws: ``ExperimentError`` that says what is expected and what was found.
  public func check() throws {
    switch size {
    case .edges(let count) where count < 0, .nodes(let count) where count < 0:
      throw ExperimentError("The number of edges or nodes should be 0 or more, found \(count).")
    case .fraction(let share) where !(0...1).contains(share):
      throw ExperimentError("The fraction of edges should be from 0 to 1, found \(share).")
    case .threshold(let score) where !score.isFinite:
      throw ExperimentError("The threshold should be a number, found \(score).")
    case .threshold where order == .greedy, .nodes where order == .greedy:
      throw ExperimentError(
        "The order greedy goes with a share to keep, a number or a fraction of edges.")
    default: break
    }
    guard signShare.map({ $0 > 0.5 && $0 <= 1 }) ?? true else {
      throw ExperimentError(
        "The share of draws with the same sign should be more than 0.5 and at most 1.")
    }
    if let positiveShare {
      guard (0...1).contains(positiveShare) else {
        throw ExperimentError(
          "The share of positive edges should be from 0 to 1, found \(positiveShare).")
      }
      guard size?.isCounted ?? false, ranking == nil, order == nil else {
        throw ExperimentError(
          "The share of positive edges goes with a number or a fraction of edges, and no ranking or order."
        )
      }
    }
    guard keep.map({ $0 > 0 && $0 <= 10 }) ?? true else {
      throw ExperimentError("The share to keep should be a number of more than 0 and at most 10.")
    }
  }
}
