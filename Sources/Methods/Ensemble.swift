import Foundation
public import Graphs
import Tasks

/// Several methods' ranks, pooled (after the parallel ensembles of arXiv 2510.06811, by ranks instead of by scores, whose
/// units differ).
///
/// Each member ranks all E edges by magnitude, ties in canonical order: r = 0 for the first, E − 1 for the last.
///
///     score = 1 − pool(r_1 … r_K) / E,    pool = mean, min or max
///
/// The mean favours what all members rank high together, the lowest rank (min) what any of them does, the highest (max) what
/// none of them doubts. An edge that a member never takes (−∞) comes after its last one; one that no member takes is never
/// taken.
///
/// Cost: that of its members, each with the options that have it rank every edge.
public struct Ensemble: DiscoveryMethod {
  /// How ranks become one.
  public enum Pooling: String, Sendable, CaseIterable {
    /// Their mean.
    case mean
    /// The lowest, of the member that ranks the edge best.
    case min
    /// The highest, of the member that ranks the edge worst.
    case max
  }

  /// The methods.
  public let members: [any DiscoveryMethod]
  /// How their ranks become one.
  public let pooling: Pooling

  /// Chooses methods.
  public init(members: [any DiscoveryMethod], pooling: Pooling = .mean) {
    precondition(!members.isEmpty, "an ensemble of nothing")
    self.members = members
    self.pooling = pooling
  }

  /// How far a run has come: the scores of some members, and where the next one stands.
  private struct State: Codable {
    /// As bits, since JSON has no infinity.
    var done: [[UInt32]] = []
    var current: Data?
  }

  /// Asks every member.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    for member in members { try member.check(problem) }
  }

  /// Has every member score the edges, and pools their ranks.
  ///
  /// - Throws: ``MethodError`` when a member cannot say anything, and ``MethodError/foreignState``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let graph = problem.graph
    let size = graph.writerCount * graph.readerCount
    var state =
      try run.restored(State.self) {
        $0.done.count <= members.count && $0.done.allSatisfy { $0.count == size }
      } ?? State()
    for member in members.dropFirst(state.done.count) {
      let done = state.done
      let found = try member.scores(
        for: problem,
        run: MethodRun(
          progress: run.progress,
          states: .init(saved: state.current) { make in
            run.keep(data: { try JSONEncoder().encode(State(done: done, current: try make())) })
          }))
      state = State(done: done + [found.values.map(\.bitPattern)])
      run.keep(state)
    }
    return pool(
      state.done.map { EdgeScores($0.map { Float(bitPattern: $0) }, graph: graph) }, graph)
  }

  /// One score for each edge out of its ranks.
  private func pool(_ scores: [EdgeScores], _ graph: ComputationGraph) -> EdgeScores {
    let count = graph.edgeCount
    let ranks = scores.map { scores in
      scores.ranked().enumerated().reduce(
        into: [Int](repeating: count, count: scores.values.count)
      ) { $0[$1.element] = $1.offset }
    }
    var pooled = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for place in graph.edgeOffsets {
      let rank = pooling.pool(ranks.map { $0[place] })
      pooled[place] =
        scores.allSatisfy { $0.values[place] == -.infinity }
        ? -.infinity : Float(1 - rank / Double(count))
    }
    return EdgeScores(pooled, graph: graph)
  }
}

extension Ensemble.Pooling {
  fileprivate func pool(_ ranks: [Int]) -> Double {
    switch self {
    case .mean: Double(ranks.reduce(0, +)) / Double(ranks.count)
    case .min: Double(ranks.min() ?? 0)
    case .max: Double(ranks.max() ?? 0)
    }
  }
}

extension Ensemble {
  static let name = "ensemble"

  static let memberOption = MethodOption<[EnsembleMember]>(
    name: "of", summary: "the members: each is run, or its run's scores are read",
    expected:
      "two or more methods that read no files, with their options, or paths of runs, with + between them",
    standard: [.method("eap-ig"), .method("eap-ig-activations")],
    mayHoldColons: true,
    parse: { text in
      let parts = text.split(separator: "+", omittingEmptySubsequences: false)
      let members = parts.compactMap { EnsembleMember(String($0)) }
      return members.count == parts.count && members.count > 1 ? members : nil
    }, text: { $0.map(\.text).joined(separator: "+") })

  private static let pooling = MethodOption<Pooling>.choice(
    "by", "how an edge's ranks become one", standard: .mean)

  static let entry = MethodEntry(
    name: name, summary: "the ranks of several methods, pooled", paper: "2510.06811",
    cost: "those of its members", options: [memberOption, pooling],
    isMasked: true, scoresEffects: false,
    bytes: { options, problem in
      options[memberOption].map { $0.bytes(options, problem) }.max() ?? 0
    },
    passes: { options, problem in
      let passes = options[memberOption].map { $0.passes(options, problem) }
      return PassCount(
        forward: passes.reduce(0) { $0 + $1.forward },
        backward: passes.reduce(0) { $0 + $1.backward })
    },
    make: { options in
      Ensemble(members: options[memberOption].map { $0.make(options) }, pooling: options[pooling])
    })
}
