public import Graphs

/// How many edges are patched, in how many rounds.
public struct VerificationBudget: Sendable, Equatable {
  /// How many edges are patched in all.
  public let patches: Int
  /// After how many rounds, of nearly equal size, they are patched.
  public let rounds: Int

  /// So many patches in so many rounds, of both at least 0 and 1.
  public init(patches: Int, rounds: Int = 8) {
    precondition(patches >= 0 && rounds > 0, "\(patches) patches in \(rounds) rounds")
    self.patches = patches
    self.rounds = rounds
  }

  /// How many edges each round patches; none for rounds that would patch nothing.
  public var sizes: [Int] {
    (0..<rounds).map { patches * ($0 + 1) / rounds - patches * $0 / rounds }.filter { $0 > 0 }
  }
}

/// Which share of the best edges is found with so many patches.
public struct RecallCurve: Sendable, Equatable {
  /// A number of patches and the share.
  public struct Point: Sendable, Equatable, Codable {
    /// How many edges were patched.
    public let patches: Int
    /// The share of the best edges by exact effects that is among the best of the verified scores.
    public let recall: Double
  }

  /// The strategy.
  public let strategy: String
  /// The shares, from no patches on; none when all scores or all effects are equal.
  public let points: [Point]

  /// What was found from state to state of a verification.
  ///
  /// - Parameters:
  ///   - states: From nothing verified on, with ever more patches.
  ///   - truth: The exact effects of all edges.
  ///   - strategy: The strategy that predicts what was not patched.
  public init(of states: [EdgeVerification], truth: EdgeScores, strategy: PatchStrategy) {
    self.strategy = strategy.name
    points = states.compactMap { known in
      known.recall(of: truth, by: strategy).map { Point(patches: known.patchCount, recall: $0) }
    }
  }

  /// What a strategy would find, where the exact effects of all edges are known.
  ///
  /// - Parameters:
  ///   - start: Scores of which nothing is verified.
  ///   - truth: The exact effects.
  ///   - strategy: The strategy.
  ///   - budget: How many patches, in how many rounds.
  public init(
    from start: EdgeVerification, truth: EdgeScores, strategy: PatchStrategy,
    budget: VerificationBudget
  ) {
    var states = [start]
    for size in budget.sizes {
      var known = states[states.count - 1]
      let edges = known.next(size, by: strategy)
      known.observe(edges, edges.map { Double(truth.values[$0]) })
      states.append(known)
    }
    self.init(of: states, truth: truth, strategy: strategy)
  }
}
