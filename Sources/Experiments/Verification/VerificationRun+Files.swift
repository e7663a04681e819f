import Evaluation
import Files
public import Foundation
import Graphs
import Reports
import Tensors

extension VerificationRun {
  /// What is said of edges that were patched together.
  struct Round: Encodable {
    let patched: Int
    /// How many of them are among the best in the end.
    let bestCount: Int
    /// Spearman's correlation of what was expected of them with what they do, by magnitude.
    let agreement: Double?
  }

  /// The rounds in order.
  var rounds: [Round] {
    let best = Set(scores.ranked(by: .magnitude).prefix(known.bestCount))
    return zip(known.rounds, states).map { edges, state in
      let expected = state.verified(by: plan.strategy)
      return Round(
        patched: edges.count, bestCount: edges.count { best.contains($0) },
        agreement: rankCorrelation(
          edges.map { abs(expected.values[$0]) },
          edges.map { Float(abs(known.effect(of: $0) ?? 0)) })
      )
    }
  }

  /// Files by name: the verified scores, what was patched, recall with its plot, and `verification.json`.
  ///
  /// - Throws: `EncodingError`.
  public func files() throws -> [String: Data] {
    var texts = ["verification.json": try json() + "\n", "patched.csv": patchedCSV]
    if !curves.isEmpty {
      texts["recall.csv"] = csv(
        ["strategy", "patches", "recall"],
        curves.flatMap { curve in
          curve.points.map { [curve.strategy, "\($0.patches)", Numbers.exact($0.recall)] }
        })
      let plot = LinePlot.recall(
        "The best \(Numbers.count(known.bestCount, "edge")) by exact patches",
        caption: heading.joined(separator: "\n"), curves)
      texts.merge(plot.figure.files(named: "recall")) { $1 }
    }
    var files = texts.mapValues { Data($0.utf8) }
    files["scores.safetensors"] = try safetensors()
    return files
  }

  private var patchedCSV: String {
    csv(
      ["edge", "round", "score", "expected", "exact"],
      zip(known.rounds, states).enumerated().flatMap { index, round in
        let expected = round.1.verified(by: plan.strategy)
        return round.0.map { edge in
          ["\(before.graph.edge(at: edge))", "\(index + 1)"]
            + [Double(before.values[edge]), Double(expected.values[edge]), known.effect(of: edge)]
            .map(Numbers.exact)
        }
      })
  }

  /// The verified scores as a file, with a second tensor `exact` that is 1 where an edge was patched and 0 elsewhere.
  private func safetensors() throws -> Data {
    let graph = before.graph
    var isExact = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for edge in known.rounds.joined() { isExact[edge] = 1 }
    return try scores.safetensors(
      method: "\(method), \(known.patchCount) edges verified by \(plan.strategy.name)",
      metric: metric,
      beside: ["exact": Tensor(isExact, shape: [graph.writerCount, graph.readerCount])])
  }

  private struct Record: Encodable {
    struct Curve: Encodable {
      let strategy: String
      let points: [RecallCurve.Point]
    }

    let version = edgewiseVersion
    let run: String
    let heading: [String]
    let metric: String
    let strategy: String
    let edges: Int
    let patched: Int
    let bestEdges: Int
    let features: [String]
    let rounds: [Round]
    let recall: [Curve]?
    let notes: [String]
  }

  /// What was done as JSON with sorted keys.
  ///
  /// - Throws: `EncodingError`.
  public func json() throws -> String {
    try sortedJSON(
      Record(
        run: plan.run, heading: heading, metric: metric, strategy: plan.strategy.name,
        edges: before.graph.edgeCount, patched: known.patchCount, bestEdges: known.bestCount,
        features: known.features.names, rounds: rounds,
        recall: curves.isEmpty
          ? nil : curves.map { Record.Curve(strategy: $0.strategy, points: $0.points) },
        notes: notes))
  }
}
