import Foundation
public import Graphs

/// Scores of edges of which some are verified by exact patches, and what those tell of the others.
///
/// The exact effect `y` of an edge is predicted from its score `s` and its features `x` as
///
///     log(ε + |y|) = log(ε + |s|) + θᵀx
///
/// with θ by ridge regression on the edges that were patched, its penalty chosen by leaving each of them out: without any, or
/// with features that tell nothing, scores stay what they are. ε is a hundredth of the last one of the best scores.
public struct EdgeVerification: Sendable {
  /// The scores that are verified.
  public let scores: EdgeScores
  /// What is known of every edge.
  public let features: EdgeFeatures
  /// How many of the best edges are to be found.
  public let bestCount: Int
  /// The edges that were patched, by their places in a matrix `[writers, readers]`, round by round.
  public private(set) var rounds: [[Int]] = []
  /// The exact effects by edge in canonical order; nil where it was not patched.
  private(set) var effects: [Double?]

  /// The edges' places in a matrix, in canonical order.
  let offsets: [Int]
  /// ε.
  private let floor: Double

  /// Starts with nothing verified.
  ///
  /// - Parameters:
  ///   - scores: The scores; an edge that is never taken counts as one of score 0.
  ///   - features: Features of the same graph's edges.
  ///   - bestCount: How many of the best edges are to be found, at least 1.
  public init(_ scores: EdgeScores, features: EdgeFeatures, bestCount: Int) {
    precondition(scores.graph == features.graph, "scores and features of two graphs")
    precondition(bestCount > 0, "none of the best edges")
    self.scores = scores
    self.features = features
    self.bestCount = bestCount
    offsets = scores.graph.edgeOffsets
    effects = [Double?](repeating: nil, count: offsets.count)
    floor = Self.floor(of: offsets.map { scores.magnitude($0) }, bestCount: bestCount)
  }

  /// What a magnitude has to be to count: a hundredth of the last one of the best, or where that is 0, 10⁻⁵ of the largest.
  ///
  /// How small an effect is that is far from the best ones tells nothing that matters.
  package static func floor(of magnitudes: [Double], bestCount: Int) -> Double {
    let sorted = magnitudes.sorted(by: >)
    let (largest, last) = (sorted[0], sorted[min(bestCount, sorted.count) - 1])
    return last > 0 ? last / 100 : largest > 0 ? 1e-5 * largest : 1
  }

  /// How many edges were patched.
  public var patchCount: Int { rounds.reduce(0) { $0 + $1.count } }

  /// Takes in the exact effects of edges, each of which was open.
  ///
  /// - Parameters:
  ///   - edges: Their places in a matrix `[writers, readers]`, as ``next(_:by:)`` chose them.
  ///   - values: Their exact effects.
  public mutating func observe(_ edges: [Int], _ values: [Double]) {
    precondition(edges.count == values.count, "\(values.count) effects of \(edges.count) edges")
    for (edge, value) in zip(edges, values) {
      guard let place = place(of: edge), effects[place] == nil else {
        preconditionFailure("edge \(edge) was patched before, or is none of the graph's")
      }
      effects[place] = value
    }
    rounds.append(edges)
  }

  /// The edges that a strategy would have patched next; in the first round those of the largest scores.
  ///
  /// - Parameters:
  ///   - count: How many; all that are open if there are fewer.
  ///   - strategy: The strategy.
  /// - Returns: Their places in a matrix `[writers, readers]`, none of which was patched.
  public func next(_ count: Int, by strategy: PatchStrategy) -> [Int] {
    let count = min(count, open.count)
    guard count > 0 else { return [] }
    let chooser = rounds.isEmpty ? PatchStrategy.greedy : strategy
    let chosen = chooser.choose(count, self)
    precondition(
      Set(chosen).count == count && chosen.allSatisfy { effects[$0] == nil },
      "\(strategy.name) chose edges twice")
    return chosen.map { offsets[$0] }
  }

  /// The exact effect of an edge, by its place in a matrix; nil when it was not patched.
  public func effect(of edge: Int) -> Double? { place(of: edge).flatMap { effects[$0] } }

  /// The scores: exact where an edge was patched, elsewhere as a strategy has them predicted.
  ///
  /// A prediction has the sign of the score that was verified. Without patches all scores are what they were.
  public func verified(by strategy: PatchStrategy) -> EdgeScores {
    var values = scores.values
    let fit = strategy.predicts && !rounds.isEmpty ? regression : nil
    for (place, offset) in offsets.enumerated() {
      if let effect = effects[place] {
        values[offset] = Float(effect)
      } else if let fit, values[offset] != -.infinity {
        let size = Float(max(exp(min(cautious(place, fit), 80)) - floor, 0))
        values[offset] = values[offset] < 0 ? -size : size
      }
    }
    return EdgeScores(values, graph: scores.graph)
  }

  /// The share of the best edges by exact effects that is among the best of the verified scores.
  ///
  /// Edges that do nothing, of less than 10⁻⁵ of the largest effect, are none of the best, so that there may be fewer.
  ///
  /// - Parameters:
  ///   - truth: The exact effects of all edges.
  ///   - strategy: The strategy that predicts what was not patched.
  /// - Returns: The share; nil when all scores of one side are equal.
  public func recall(of truth: EdgeScores, by strategy: PatchStrategy) -> Double? {
    let sizes = offsets.map { truth.magnitude($0) }
    let least = 1e-5 * (sizes.max() ?? 0)
    return ScoreAgreement(verified(by: strategy), truth, by: .magnitude)
      .recall(of: min(bestCount, sizes.count { $0 > least }), among: bestCount)
  }

  private func place(of edge: Int) -> Int? {
    var (low, high) = (0, offsets.count)
    while low < high {
      let middle = (low + high) / 2
      if offsets[middle] < edge { low = middle + 1 } else { high = middle }
    }
    return low < offsets.count && offsets[low] == edge ? low : nil
  }
}

// What strategies choose by, edges by their places in canonical order ------------------------------------

extension EdgeVerification {
  /// The edges that were not patched.
  var open: [Int] { effects.indices.filter { effects[$0] == nil } }

  /// The edges that were patched.
  var patched: [Int] { effects.indices.filter { effects[$0] != nil } }

  /// The magnitude of an edge's score.
  func magnitude(_ edge: Int) -> Double { scores.magnitude(offsets[edge]) }

  /// The open edges with the largest numbers; ties keep the canonical order.
  func best(_ count: Int, by number: (Int) -> Double) -> [Int] {
    let numbers = open.map { (edge: $0, number: number($0)) }
    return numbers.sorted { ($1.number, $0.edge) < ($0.number, $1.edge) }.prefix(count).map(\.edge)
  }

  /// The fit of how far exact effects are from scores.
  var regression: RidgeFit {
    RidgeFit.crossValidated(
      patched.map(features.row), patched.map { log(size(of: $0)) - log(floor + magnitude($0)) },
      width: features.width)
  }

  /// The logarithm of an edge's predicted effect, nearer to its score the less the edge is like those that were patched:
  /// what was learned of it counts by `1 / (1 + xᵀA⁻¹x)`.
  private func cautious(_ edge: Int, _ fit: RidgeFit) -> Double {
    let row = features.row(edge)
    return log(floor + magnitude(edge)) + fit.value(row) / (1 + fit.leverage(row))
  }

  /// The logarithm of an edge's predicted effect.
  func logarithm(_ edge: Int, _ fit: RidgeFit) -> Double {
    log(floor + magnitude(edge)) + fit.value(features.row(edge))
  }

  /// The standard deviation of the logarithms that were predicted of patched edges.
  func deviation(of fit: RidgeFit) -> Double {
    let squares = patched.map { edge in
      let error = log(size(of: edge)) - logarithm(edge, fit)
      return error * error
    }
    return (squares.reduce(0, +) / Double(max(squares.count, 1))).squareRoot()
  }

  private func size(of edge: Int) -> Double { floor + abs(effects[edge] ?? 0) }

  /// The patched edges with labels: 1 for those that are among the best by what is known and predicted of all edges.
  ///
  /// Where that would be all that were patched, for the better half of them.
  var examples: [LogisticFit.Example] {
    let (patched, fit) = (patched, regression)
    let sizes = effects.indices.map {
      effects[$0] == nil ? exp(min(logarithm($0, fit), 80)) : size(of: $0)
    }
    let known = patched.map { sizes[$0] }.sorted(by: >)
    let half = known[max(known.count / 2, 1) - 1]
    let best = sizes.sorted(by: >)[min(bestCount, sizes.count) - 1]
    let least = known[known.count - 1] < best ? best : half
    return patched.map { edge in
      LogisticFit.Example(row: features.row(edge), label: sizes[edge] >= least ? 1 : 0)
    }
  }
}

extension EdgeScores {
  /// An edge's magnitude; 0 for one that is never taken.
  fileprivate func magnitude(_ offset: Int) -> Double {
    values[offset] == -.infinity ? 0 : abs(Double(values[offset]))
  }
}
