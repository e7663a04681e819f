import Foundation
public import Graphs

/// What is known of every edge without patching it, as numbers that a small model of its exact effect is fitted to.
public struct EdgeFeatures: Sendable, Equatable {
  /// The graph whose edges are described.
  public let graph: ComputationGraph
  /// What the columns are; those that are the same for all edges are left out.
  public let names: [String]
  /// How long rows are: a number for each name, and a one.
  let width: Int
  /// `[edge, width]`, edges in canonical order: columns have mean 0 and variance 1, and a one comes last.
  private let rows: [Double]

  /// Takes columns of numbers.
  ///
  /// - Parameters:
  ///   - columns: Names, and a finite number for each edge in canonical order.
  ///   - graph: The graph.
  public init(_ columns: [(name: String, values: [Double])], graph: ComputationGraph) {
    let count = graph.edgeCount
    precondition(
      columns.allSatisfy { $0.values.count == count && $0.values.allSatisfy(\.isFinite) },
      "features of other edges, or no numbers")
    let scaled = columns.compactMap { name, values -> (String, [Double])? in
      let mean = values.reduce(0, +) / Double(count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      guard variance > 1e-18 * (1 + mean * mean) else { return nil }
      return (name, values.map { ($0 - mean) / variance.squareRoot() })
    }
    self.graph = graph
    names = scaled.map(\.0)
    width = scaled.count + 1
    rows = (0..<count).flatMap { edge in scaled.map { $0.1[edge] } + [1] }
  }

  /// What is known of an edge, by its place in canonical order.
  func row(_ edge: Int) -> ArraySlice<Double> { rows[(edge * width)..<((edge + 1) * width)] }

  /// The squared distance of two edges.
  func distance(_ edge: Int, _ other: Int) -> Double {
    var sum = 0.0
    for place in 0..<width {
      let gap = rows[edge * width + place] - rows[other * width + place]
      sum += gap * gap
    }
    return sum
  }

  /// What the graph alone tells: the kind of reader, and the layers of writer and reader as shares of the depth.
  public static func places(in graph: ComputationGraph) -> [(name: String, values: [Double])] {
    let edges = graph.edgeOffsets.map(graph.edge(at:))
    let depth = Double(graph.layerCount)
    let kinds = ["query", "key", "value", "mlp"].map { kind in
      (name: "\(kind) reader", values: edges.map { $0.reader.kind == kind ? 1.0 : 0 })
    }
    let writers = edges.map { edge -> Double in
      switch edge.writer {
      case .input: -1
      case .head(let layer, _), .mlp(let layer): Double(layer)
      }
    }
    let readers = edges.map { edge -> Double in
      switch edge.reader {
      case .logits: depth
      case .head(let layer, _, _), .mlp(let layer): Double(layer)
      }
    }
    return kinds + [
      ("writer's layer", writers.map { $0 / depth }),
      ("reader's layer", readers.map { $0 / depth }),
    ]
  }
}

extension Reader {
  fileprivate var kind: String {
    switch self {
    case .head(_, _, .query): "query"
    case .head(_, _, .key): "key"
    case .head(_, _, .value): "value"
    case .mlp: "mlp"
    case .logits: "logits"
    }
  }
}
