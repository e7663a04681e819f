import Engine
public import Graphs
import Tasks
import Tensors

/// Activation patching of edges one at a time: the true rise of the loss that EAP estimates.
///
/// `score(w → r) = metric(all edges intact) − metric(only w → r ablated)`, averaged over prompts.
/// The edges into one reader are run together, and only what lies above the reader is computed.
/// Cost: for each edge what lies above its reader of one forward pass.
public struct ExactPatching: DiscoveryMethod {
  /// The edges to patch; nil for all.
  public let edges: [Edge]?

  /// Chooses the edges.
  ///
  /// - Parameter edges: Edges of the problem's graph; nil for all. Others keep the score 0.
  public init(edges: [Edge]? = nil) { self.edges = edges }

  /// How far a run has come: all readers of some batches, and some of one more.
  private struct State: Codable {
    var sums: [Double]
    var batch = 0
    var reader = 0
  }

  /// Scores the chosen edges.
  ///
  /// - Throws: ``MethodError/notFinite`` when the model's numbers overflow, and
  ///   ``MethodError/foreignState``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let graph = problem.graph
    let size = graph.writerCount * graph.readerCount
    let batches = problem.maskedBatches.value
    var state =
      try run.restored(State.self) {
        $0.sums.count == size && $0.sums.allSatisfy(\.isFinite)
          && (0...batches.count).contains($0.batch) && (0...graph.readerCount).contains($0.reader)
      } ?? State(sums: [Double](repeating: 0, count: size))
    let writers = writers(graph)
    let edgeCount = writers.map(\.count).reduce(0, +)
    while state.batch < batches.count {
      let batch = IntactBatch(batches[state.batch], of: problem)
      let intact = batch.prepared.run(EdgeMask(1, graph: graph))
      let whole = batch.fullMetric
      while state.reader < graph.readerCount {
        let reader = state.reader
        let before = writers[..<reader].map(\.count).reduce(0, +)
        run.progress(
          RunProgress(
            "patching edges", done: state.batch * edgeCount + before,
            total: batches.count * edgeCount))
        if !writers[reader].isEmpty {
          let trials = ReaderTrials(intact, from: batch.state, reader: reader)
          let columns = writers[reader].map { writer in
            (0..<graph.visibleWriterCount(ofReader: reader)).map { $0 == writer ? Float(0) : 1 }
          }
          for (writer, value) in zip(writers[reader], batch.metric(trials, columns)) {
            state.sums[writer * graph.readerCount + reader] += whole - value
          }
        }
        state.reader += 1
        run.keep(state)
      }
      (state.batch, state.reader) = (state.batch + 1, 0)
    }
    run.progress(RunProgress("patching edges", done: edgeCount, total: edgeCount))
    return try problem.scores(state.sums)
  }

  /// For each reader, the writers of the edges that are patched.
  private func writers(_ graph: ComputationGraph) -> [[Int]] {
    guard let edges else {
      return (0..<graph.readerCount).map { Array(0..<graph.visibleWriterCount(ofReader: $0)) }
    }
    var writers = [[Int]](repeating: [], count: graph.readerCount)
    for offset in Set(edges.compactMap(graph.offset(of:))).sorted() {
      writers[offset % graph.readerCount].append(offset / graph.readerCount)
    }
    return writers
  }
}

extension ExactPatching {
  /// The option that names a file of edges.
  public static let among = MethodOption.file(
    "among", "a run or circuit file: only the edges of its circuit are patched")

  static let entry = MethodEntry(
    name: "exact", summary: "activation patching of every edge by itself", paper: "",
    cost: "1 forward for each edge", options: [among], isMasked: true,
    passes: { PassCount(2 + ($0.edges?.count ?? $1.graph.edgeCount), 0) },
    make: { ExactPatching(edges: $0.edges) })
}
