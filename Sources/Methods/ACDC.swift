import Engine
import Foundation
public import Graphs
import Tasks
import Tensors

/// Automated circuit discovery (ACDC, arXiv 2304.14997): edges are ablated one after another, and those
/// stay ablated without which the loss rises by less than τ.
///
/// Readers are visited from last to first, and each reader's writers from last to first. An edge is ablated
/// for good if `loss(without it) − loss(so far) < τ`, or `|…| < τ` by magnitude. A head or MLP whose
/// write reaches nothing any more loses the edges into it untested. The loss is that of the metric, KL by
/// default.
///
/// The score of an edge is the largest τ at which it is kept, 0 when it is at none: with one τ, that or 0.
/// Sets of growing τ need not lie in each other: where a circuit has spare parts, another one may be kept.
///
/// Several of a reader's edges are tried at once: each trial speculates how the ones before it end, and
/// counts if that comes true, so the outcome is that of one edge after another.
/// Cost: for each τ and edge what lies above its reader of one forward pass, more for trials that are
/// thrown away. Memory: the writes of all prompts, `tokens · writers · dModel` numbers.
public struct ACDC: DiscoveryMethod {
  /// The thresholds, ascending.
  public let thresholds: [Double]
  /// Whether edges whose ablation lowers the loss by τ or more stay too.
  public let usesMagnitude: Bool
  /// The most edges that are tried at once; nil for as many as are worth it.
  let widest: Int?

  /// Chooses thresholds.
  ///
  /// - Parameters:
  ///   - thresholds: One or several τ, each more than 0, in any order.
  ///   - usesMagnitude: Whether `|rise| < τ` is asked instead of `rise < τ`.
  public init(thresholds: [Double], usesMagnitude: Bool = false) {
    self.init(thresholds, usesMagnitude, widest: nil)
  }

  package init(_ thresholds: [Double], _ usesMagnitude: Bool, widest: Int?) {
    precondition(
      !thresholds.isEmpty && thresholds.allSatisfy { $0 > 0 }, "thresholds \(thresholds)")
    self.thresholds = Set(thresholds).sorted()
    self.usesMagnitude = usesMagnitude
    self.widest = widest
  }

  /// The edges that are kept at any of the τ.
  public var ownCircuit: CircuitSelection? { CircuitSelection(.threshold(Float(thresholds[0]))) }

  /// How far a run has come: some thresholds, and of the next one some readers.
  private struct State: Codable {
    var scores: [Float]
    var threshold = 0
    var sweep: Sweep?
  }

  /// How far one threshold has come.
  private struct Sweep: Codable {
    /// The mask, `[readers, writers]`.
    var columns: [Float]
    /// Readers from this one on are done.
    var reader: Int
    /// How many of the edges into those readers are kept.
    var kept: Int
    /// The loss of the circuit so far.
    var loss: Double
  }

  /// Ablates edges at each threshold.
  ///
  /// - Throws: ``MethodError/notFinite`` when a loss is NaN or infinite, and
  ///   ``MethodError/foreignState``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let graph = problem.graph
    let size = graph.writerCount * graph.readerCount
    var state =
      try run.restored(State.self) { fits($0, graph) }
      ?? State(scores: [Float](repeating: 0, count: size))
    let batches = problem.maskedBatches.value.map { IntactBatch($0, of: problem) }
    while state.threshold < thresholds.count {
      let mask = try sweep(thresholds[state.threshold], problem, batches, from: state.sweep) {
        left in
        run.progress(progress(left, state.threshold, graph))
        run.keep(
          State(scores: state.scores, threshold: state.threshold, sweep: left))
      }
      for (offset, value) in mask.values().enumerated() where value != 0 {
        state.scores[offset] = Float(thresholds[state.threshold])
      }
      state = State(scores: state.scores, threshold: state.threshold + 1)
      run.keep(state)
    }
    run.progress(RunProgress("testing edges", done: 1, total: 1))
    return EdgeScores(state.scores, graph: graph)
  }

  /// Whether a state can be one of this method's: what was read back can be anything.
  private func fits(_ state: State, _ graph: ComputationGraph) -> Bool {
    let size = graph.writerCount * graph.readerCount
    let levels = Set(thresholds.map { Float($0) } + [0])
    guard state.scores.count == size, (0...thresholds.count).contains(state.threshold),
      state.scores.allSatisfy(levels.contains)
    else { return false }
    guard let sweep = state.sweep else { return true }
    return sweep.columns.count == size && sweep.columns.allSatisfy { $0 == 0 || $0 == 1 }
      && (0...graph.readerCount).contains(sweep.reader)
      && (0...graph.edgeCount).contains(sweep.kept) && sweep.loss.isFinite
  }

  /// Visits all readers at one threshold; returns the mask of what is kept.
  private func sweep(
    _ threshold: Double, _ problem: DiscoveryProblem, _ batches: [IntactBatch],
    from start: Sweep?, tell: (Sweep) -> Void
  ) throws(MethodError) -> EdgeMask {
    let graph = problem.graph
    let count = Double(problem.task.pairs.count)
    let done = start.map { EdgeMask(columns: $0.columns, graph: graph) }
    var mask = EdgeMask(1, graph: graph)
    var loss = start?.loss ?? -batches.map(\.fullMetric).reduce(0, +) / count
    var states = batches.map(\.state)
    var kept = 0
    for reader in (0..<graph.readerCount).reversed() {
      let column: ArraySlice<Float>
      if let start, let done, reader >= start.reader {
        // Done before an interruption: the states are brought to where they were, in the same steps.
        column = done[column: reader]
      } else {
        tell(Sweep(columns: mask.columns, reader: reader + 1, kept: kept, loss: loss))
        let trials = zip(batches, states).map { batch, state in
          ReaderTrials(batch.prepared.run(mask), from: state, reader: reader)
        }
        var search = ReaderSearch(
          writerCount: graph.visibleWriterCount(ofReader: reader), loss: loss,
          widest: min(widest ?? .max, trials.map(\.capacity).min() ?? 1))
        if trials[0].matters {
          try search.run(accepts: { (usesMagnitude ? abs($0) : $0) < threshold }) { columns in
            let values = zip(batches, trials).map { $0.metric($1, columns) }
            return columns.indices.map { trial in -values.map { $0[trial] }.reduce(0, +) / count }
          }
        } else {
          search.ablateAll()
        }
        (column, loss) = (search.column[...], search.loss)
      }
      kept += column.count { $0 != 0 }
      guard column.contains(0) else { continue }
      mask[column: reader] = column
      for index in batches.indices {
        states[index] = batches[index].prepared.run(mask).forward(from: states[index]).state
      }
    }
    return mask
  }

  /// What is said of a sweep: how many edges were visited, and how many of those are kept.
  private func progress(_ sweep: Sweep, _ index: Int, _ graph: ComputationGraph) -> RunProgress {
    let visited = graph.edgeCount(fromReader: sweep.reader)
    let place = thresholds.count > 1 ? " at τ \(index + 1) of \(thresholds.count)" : ""
    return RunProgress(
      "testing edges\(place)", done: visited, total: graph.edgeCount,
      note: "\(sweep.kept) kept, \(graph.edgeCount - visited) to go")
  }
}

extension ACDC {
  private static let tau = MethodOption.numbers(
    "tau", "rises of the loss that are let pass, one or several", standard: [0.01])
  private static let absolute = MethodOption.flag(
    "absolute", "also keep edges whose ablation lowers the loss by tau")

  static let entry = MethodEntry(
    name: "acdc", summary: "edges ablated one after another while the loss rises by less than tau",
    paper: "2304.14997", cost: "1 forward for each edge and tau", metric: "kl",
    options: [tau, absolute],
    ranking: [
      "tau": tau.text(stride(from: -10, through: 0, by: 1).map { pow(10, Double($0) / 2) })
    ], isMasked: true,
    passes: { PassCount(2 + $1.graph.edgeCount * $0[tau].count, 0) },
    make: { ACDC(thresholds: $0[tau], usesMagnitude: $0[absolute]) })
}
