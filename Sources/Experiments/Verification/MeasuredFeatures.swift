import Engine
import Evaluation
import Foundation
import Graphs
import Methods
import Tasks
import Tensors

/// What is known of the edges of a problem at the price of a few passes.
///
/// Logarithms of the magnitudes of the scores that are verified, of EAP's and of EAP-IG's; of the Euclidean norm of what
/// ablation changes of the writer's write, `‖a − ã‖`; how flat the softmax is that a query or key goes into; where the
/// edge lies.
struct MeasuredFeatures {
  private let problem: DiscoveryProblem
  private let bestCount: Int
  private let listener: ExperimentListener
  private var graph: ComputationGraph { problem.graph }

  /// The features of a problem's edges.
  ///
  /// - Parameters:
  ///   - problem: The problem that edges are patched on.
  ///   - scores: The scores that are verified.
  ///   - bestCount: How many of the best edges are to be found.
  ///   - listener: Is told how it goes on.
  /// - Returns: The features; without those of methods that have nothing to say of the metric.
  /// - Throws: `MethodError` when the model's numbers overflow.
  /// - Complexity: Three forward passes beside those of EAP and EAP-IG.
  static func of(
    _ problem: DiscoveryProblem, _ scores: EdgeScores, bestCount: Int,
    telling listener: ExperimentListener
  ) throws(MethodError) -> EdgeFeatures {
    let measured = MeasuredFeatures(problem: problem, bestCount: bestCount, listener: listener)
    var columns: [Column] = [("score", measured.magnitudes(of: scores))]
    for name in ["eap", "eap-ig"] {
      if let estimate = try measured.estimate(name) { columns.append((name, estimate)) }
    }
    columns += measured.activations() + EdgeFeatures.places(in: problem.graph)
    return EdgeFeatures(columns, graph: problem.graph)
  }

  private typealias Column = (name: String, values: [Double])

  /// The logarithms of a method's scores; nil when it cannot say anything about the metric.
  private func estimate(_ name: String) throws(MethodError) -> [Double]? {
    let choice = try MethodChoice(name)
    let method = choice.method.make(choice.options())
    guard (try? method.check(problem)) != nil else { return nil }
    return magnitudes(of: try method.scores(for: problem, progress: listener.progress))
  }

  private func magnitudes(of scores: EdgeScores) -> [Double] {
    let values = graph.edgeOffsets.map { offset in
      scores.values[offset] == -.infinity ? 0 : abs(Double(scores.values[offset]))
    }
    let floor = EdgeVerification.floor(of: values, bestCount: bestCount)
    return values.map { log(floor + $0) }
  }

  /// What runs of the prompts show of writers and softmaxes.
  private func activations() -> [Column] {
    var squares = [Double](repeating: 0, count: graph.writerCount)
    var flatness = [[Double]](
      repeating: [Double](repeating: 0, count: graph.headCount), count: graph.layerCount)
    var rowCount = 0
    let batches = problem.task.batches(problem.model.plainBatch)
    for (index, batch) in batches.enumerated() {
      listener.progress(RunProgress("measuring writes", done: index, total: batches.count))
      for (writer, square) in changes(batch).enumerated() { squares[writer] += square }
      let run = Activations(of: problem.model, on: batch.clean)
      for layer in 0..<graph.layerCount {
        for head in 0..<graph.headCount {
          flatness[layer][head] += run.patterns(ofHead: head, layer: layer).reduce(0) {
            $0 + Self.flatness($1)
          }
        }
      }
      rowCount += batch.clean.prompts.reduce(0) { $0 + $1.count - 1 }
    }
    listener.progress(RunProgress("measuring writes", done: batches.count, total: batches.count))
    let count = Double(max(rowCount, 1))
    let changes = squares.map { $0.squareRoot() }
    let least = 1e-3 * max(changes.max() ?? 0, .leastNormalMagnitude)
    let norms = changes.map { log(least + $0) }
    let edges = graph.edgeOffsets.map(graph.edge(at:))
    return [
      ("write", graph.edgeOffsets.map { norms[$0 / graph.readerCount] }),
      (
        "saturation",
        edges.map { edge in
          guard case .head(let layer, _, let projection) = edge.reader, projection != .value else {
            return 0
          }
          let heads = graph.heads(readingThrough: edge.reader)
          let mean = heads.reduce(0) { $0 + flatness[layer][$1] } / Double(heads.count)
          return -log(mean / count + 1e-6)
        }
      ),
    ]
  }

  /// `Σ p (1 − p)` over all places of a pattern: what a gradient that passes the softmax is proportional to.
  private static func flatness(_ pattern: Tensor) -> Double {
    pattern.values().reduce(0) { $0 + Double($1) * (1 - Double($1)) }
  }

  /// For each writer the square of what ablation changes of its write, summed over tokens.
  private func changes(_ batch: PairBatch) -> [Double] {
    let model = problem.model
    let clean = PlainRun(model, batch: batch.clean).forward().writes
    let change = clean - problem.ablationValues.writes(for: batch, cache: nil)
    let square = { (write: Tensor) in
      write.values().reduce(0.0) { $0 + Double($1) * Double($1) }
    }
    var squares = [Double](repeating: 0, count: graph.writerCount)
    squares[0] = square(change.input)
    let width = model.configuration.dHead
    for layer in 0..<graph.layerCount {
      let output = model.weights.blocks[layer].attention.output.weight.matrix
      for (head, writer) in graph.headWriters(layer: layer).enumerated() {
        let columns = (head * width)..<((head + 1) * width)
        squares[writer] = square(
          Tensor.product(
            change.heads[layer].matrix.columns(columns), output.columns(columns).transposed))
      }
      if let mlp = graph.mlp(layer: layer) { squares[mlp.writer] = square(change.mlps[layer]) }
    }
    return squares
  }
}
