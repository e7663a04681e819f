import Engine
public import Graphs
import Tasks
import Tensors

/// Information flow routes (IFR, arXiv 2403.00824): how much of what a reader reads each writer brings.
///
///     n(w → r) = max(0, ‖x_r‖₁ − ‖x_r − a_w‖₁),   score = n / Σ_w n
///
/// at each position, then the mean over a prompt's positions and over prompts: the scores into a reader add up to 1.
/// Nothing is ablated and no metric is asked, so scores say what flows, not what it is good for; none is negative. Such
/// scores are best taken up from the logits backward (`greedy`).
///
/// Cost: a forward pass, and for each read the distance to what it would be without each writer.
public struct InformationFlow: DiscoveryMethod {
  /// When proximities are divided by their sum.
  public enum Averaging: String, Sendable, CaseIterable {
    /// At each position, before the mean.
    case shares
    /// After the mean over positions and prompts.
    case proximities
  }

  /// What the mean is taken of.
  public let averaging: Averaging

  /// Chooses what the mean is taken of.
  public init(averaging: Averaging = .shares) { self.averaging = averaging }

  /// Scores every edge.
  ///
  /// - Throws: ``MethodError/notFinite`` when the model's numbers overflow.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let graph = problem.graph
    var sums = [Double](repeating: 0, count: graph.writerCount * graph.readerCount)
    // All positions count, so that nothing that prompts share is left out.
    let batches = problem.task.batches(problem.model.plainBatch)
    for (index, batch) in batches.enumerated() {
      run.progress(RunProgress("scoring edges", done: index, total: batches.count))
      add(batch, problem, to: &sums)
    }
    run.progress(RunProgress("scoring edges", done: batches.count, total: batches.count))
    guard averaging == .proximities else { return try problem.scores(sums) }
    for reader in 0..<graph.readerCount {
      let places = (0..<graph.writerCount).map { $0 * graph.readerCount + reader }
      let total = places.reduce(0) { $0 + sums[$1] }
      for place in places where total > 0 {
        sums[place] *= Double(problem.task.pairs.count) / total
      }
    }
    return try problem.scores(sums)
  }

  private func add(_ batch: PairBatch, _ problem: DiscoveryProblem, to sums: inout [Double]) {
    let run = PlainRun(problem.model, batch: batch.clean)
    var shares = [Double](repeating: 0, count: batch.clean.tokens.count)
    for prompt in batch.clean.prompts {
      for token in prompt { shares[token] = 1 / Double(prompt.count) }
    }
    run.proximities(graph: problem.graph) { found in
      let count = found.tokens.count
      for (place, token) in found.tokens.enumerated() {
        let writers = (0..<found.writerCount).map { found.values[$0 * count + place] }
        let total = averaging == .shares ? writers.reduce(0, +) : 1
        guard total > 0 else { continue }
        for (writer, value) in writers.enumerated() where value != 0 {
          for reader in found.readers {
            sums[writer * problem.graph.readerCount + reader] += value / total * shares[token]
          }
        }
      }
    }
  }

  private static let averaging = MethodOption.choice(
    "mean", "what the mean over positions and prompts is taken of", standard: Averaging.shares)

  static let entry = MethodEntry(
    name: "ifr", summary: "information flow routes: what share of a read each writer brings",
    paper: "2403.00824", cost: "1 forward", options: [averaging], scoresEffects: false,
    passes: { _, _ in PassCount(1, 0) }, make: { InformationFlow(averaging: $0[averaging]) })
}
