import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

import Files

/// The scores of single prompts as a file: all of them in canonical order, or the largest with their places.
@Suite struct PromptScoresTests {
  private let graph = ComputationGraph(layerCount: 1, headCount: 2, dModel: 4)

  private var scores: [EdgeScores] {
    (0..<3).map { prompt in
      let size = graph.writerCount * graph.readerCount
      return EdgeScores(
        (0..<size).map { Float(($0 * 7 + prompt * 3) % size) * ($0 % 2 == 0 ? 1 : -1) },
        graph: graph)
    }
  }

  private func read(_ data: Data) throws -> (file: TensorFile, edges: [Edge]) {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "scores.safetensors")
      try data.write(to: url)
      let file = try Safetensors.read(url)
      guard case .text(let text) = file.metadata["edges"] else { return (file, []) }
      let names = try JSONDecoder().decode([String].self, from: Data(text.utf8))
      return (file, names.compactMap { Edge($0) })
    }
  }

  private func values(_ name: String, _ file: TensorFile) throws -> [Float] {
    let stored = try #require(file.tensors[name])
    return try file.read(name, stored).values()
  }

  @Test func `every score stands under its edge's name`() throws {
    let (file, edges) = try read(PromptScores.safetensors(scores, method: "eap", metric: "kl"))
    #expect(edges == graph.edgeOffsets.map(graph.edge(at:)))
    #expect(file.tensors["scores"]?.shape == [3, graph.edgeCount])
    #expect(try values("scores", file) == scores.flatMap { part in edges.map { part[$0] } })
  }

  @Test func `where there is no room the largest stand with their places`() throws {
    let data = try PromptScores.safetensors(scores, method: "eap", metric: "kl", limit: 25)
    let (file, edges) = try read(data)
    #expect(file.tensors["scores"]?.shape == [3, 4] && file.tensors["indices"]?.shape == [3, 4])
    let top = scores.map { $0.top(4) }
    #expect(try values("scores", file) == top.flatMap { $0.map(\.score) })
    #expect(try values("indices", file).map { edges[Int($0)] } == top.flatMap { $0.map(\.edge) })
    #expect(try PromptScores.safetensors(scores, method: "eap", metric: "kl", limit: 25) == data)
  }

  @Test func `what is written reads back, and nothing else does`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "scores.safetensors")
      try PromptScores.safetensors(scores, method: "eap", metric: "kl").write(to: url)
      #expect(try PromptScores.read(url, for: graph) == scores)
      let other = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)
      #expect(throws: CheckpointError.self) { try PromptScores.read(url, for: other) }
      try PromptScores.safetensors(scores, method: "eap", metric: "kl", limit: 25).write(to: url)
      let error = #expect(throws: CheckpointError.self) { try PromptScores.read(url, for: graph) }
      #expect(error?.description.contains("found the largest of each prompt") ?? false)
    }
  }
}
