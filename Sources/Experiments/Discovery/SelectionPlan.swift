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

  /// Describes a choice; see the properties.
  public init(
    size: CircuitSelection.Size? = nil, keep: Double? = nil, ranking: EdgeScores.Ranking? = nil,
    order: CircuitSelection.Order? = nil, prunes: Bool = false
  ) {
    self.size = size
    self.keep = keep
    self.ranking = ranking
    self.order = order
    self.prunes = prunes
  }

  /// Refuses numbers that no choice has.
  ///
  /// - Throws: ``ExperimentError``.
  func check() throws {
    guard keep.map({ $0 > 0 && $0 <= 10 }) ?? true else {
      throw ExperimentError("The share to keep should be a number of more than 0 and at most 10.")
    }
    let isPossible =
      switch size {
      case .edges(let count), .nodes(let count): count >= 0
      case .fraction(let share): (0...1).contains(share)
      case .threshold(let score): score.isFinite
      case nil: true
      }
    guard isPossible else {
      throw ExperimentError(
        "A circuit should keep 0 or more edges or nodes, a share from 0 to 1, or a finite score.")
    }
  }

  /// Whether a circuit is chosen here: by its size or by what it does.
  public var isGiven: Bool { size != nil || keep != nil }

  /// The choice, with another one's options where this says nothing.
  public func selection(default other: CircuitSelection) -> CircuitSelection {
    CircuitSelection(
      size ?? other.size, ranking: ranking ?? other.ranking, order: order ?? other.order,
      prunes: prunes || other.prunes)
  }
}
