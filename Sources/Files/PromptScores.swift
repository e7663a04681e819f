public import Foundation
public import Graphs
import Tensors

/// The scores of edges prompt by prompt as a file.
public enum PromptScores {
  /// The most numbers that a file holds: 256 MiB.
  static let limit = 1 << 26

  /// A safetensors file of the scores of every prompt.
  ///
  /// Tensor `scores`, F32 `[prompt, edge]`, edges in canonical order with their names in the metadata's `edges`, a JSON
  /// array. Where that is more than 256 MiB, `scores` has the largest of each prompt by magnitude only, largest first, and
  /// `indices`, F32 of the same shape, the places of their edges among `edges`.
  ///
  /// - Parameters:
  ///   - scores: The scores of each prompt, or of each span of the prompts, of one graph.
  ///   - names: What the spans are called, for the metadata's `spans`, a JSON array; nil for prompts.
  ///   - method: How they were found.
  ///   - metric: What they are scores of.
  /// - Returns: The bytes of the file.
  /// - Throws: An error of the JSON encoder.
  public static func safetensors(
    _ scores: [EdgeScores], named names: [String]? = nil, method: String, metric: String
  ) throws -> Data {
    try safetensors(scores, named: names, method: method, metric: metric, limit: limit)
  }

  package static func safetensors(
    _ scores: [EdgeScores], named spans: [String]? = nil, method: String, metric: String,
    limit: Int
  ) throws -> Data {
    let graph = scores[0].graph
    let offsets = graph.edgeOffsets
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let names = try encoder.encode(offsets.map { graph.edge(at: $0).description })
    var metadata = [
      "edges": String(decoding: names, as: UTF8.self), "method": method, "metric": metric,
    ]
    if let spans {
      metadata["spans"] = String(decoding: try encoder.encode(spans), as: UTF8.self)
    }
    if scores.count * offsets.count <= limit {
      let values = scores.flatMap { part in offsets.map { part.values[$0] } }
      return try Safetensors.encode(
        ["scores": Tensor(values, shape: [scores.count, offsets.count])], metadata: metadata)
    }
    let count = max(limit / (2 * scores.count), 1)
    let places = [Int: Int](uniqueKeysWithValues: zip(offsets, 0...))
    let top = scores.map { Array($0.ranked().prefix(count)) }
    // Edges that are never taken have no rank, and fewer of them may be left.
    let width = top.map(\.count).min() ?? 0
    let rows = top.map { $0.prefix(width) }
    return try Safetensors.encode(
      [
        "scores": Tensor(
          zip(scores, rows).flatMap { part, row in row.map { part.values[$0] } },
          shape: [scores.count, width]),
        "indices": Tensor(
          rows.flatMap { row in row.map { Float(places[$0] ?? 0) } }, shape: [scores.count, width]),
      ], metadata: metadata)
  }

  /// Reads the scores of every prompt.
  ///
  /// - Parameters:
  ///   - url: A file of ``safetensors(_:named:method:metric:)`` that has all of them.
  ///   - graph: The graph whose edges are scored.
  /// - Returns: The scores of each prompt.
  /// - Throws: ``CheckpointError`` when the file is malformed, about another graph, or has only the largest scores of each
  ///   prompt.
  public static func read(
    _ url: URL, for graph: ComputationGraph
  ) throws(CheckpointError) -> [EdgeScores] {
    let file = try Safetensors.read(url)
    let offsets = graph.edgeOffsets
    let names = Fields(file: file.path, values: file.metadata).text("edges") ?? ""
    let edges = (try? JSONDecoder().decode([String].self, from: Data(names.utf8))) ?? []
    guard file.tensors["indices"] == nil else {
      throw CheckpointError(
        url.path, .malformed("expected the scores of all edges, found the largest of each prompt"))
    }
    guard let stored = file.tensors["scores"], stored.shape.count == 2,
      edges == offsets.map({ graph.edge(at: $0).description }), stored.shape[1] == offsets.count
    else {
      throw CheckpointError(
        url.path, .malformed("expected scores of each prompt for all edges of the model"))
    }
    let values = try file.read("scores", stored).values()
    return (0..<stored.shape[0]).map { prompt in
      var all = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
      for (place, offset) in offsets.enumerated() {
        all[offset] = values[prompt * offsets.count + place]
      }
      return EdgeScores(all, graph: graph)
    }
  }
}
