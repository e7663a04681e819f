import Engine
import Evaluation
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// What moved between two scores of one graph.
@Suite struct ScoreDifferenceTests {
  private let graph = ThreeEdgeModel.model.graph

  private func difference(
    _ first: [String: Float], _ second: [String: Float], by ranking: EdgeScores.Ranking = .magnitude
  ) -> ScoreDifference {
    ScoreDifference(
      from: EdgeScores(first, graph: graph), to: EdgeScores(second, graph: graph), by: ranking)
  }

  @Test func `the same scores twice differ in nothing`() {
    // No two scores are equal, so that all overlaps are whole.
    let count = graph.writerCount * graph.readerCount
    let scores = EdgeScores((0..<count).map { Float($0 + 1) }, graph: graph)
    let same = ScoreDifference(from: scores, to: scores, by: .magnitude)
    #expect(same.moves.isEmpty && same.nodes.isEmpty && same.spearman == 1)
    #expect(same.overlaps.allSatisfy { $0.shared == 1 && $0.jaccard == 1 })
    let never = difference(["input->m0": -.infinity], ["input->m0": -.infinity])
    #expect(never.moves.isEmpty)
  }

  @Test func `edges that moved most come first, with both scores, and nodes sum them up`() {
    let found = difference(
      ["input->m0": 3, "m0->logits": -1, "input->logits": 0.5],
      ["input->m0": 2.5, "m0->logits": 1, "input->logits": 0.5])
    #expect(found.moves.map { "\($0.edge)" } == ["m0->logits", "input->m0"])
    #expect(found.moves.map(\.difference) == [2, -0.5])
    #expect(found.moves[0].first == -1 && found.moves[0].second == 1)
    let node = found.nodes[0]
    #expect(found.nodes.count == 1 && node.node == .mlp(layer: 0))
    #expect(node.reads == 0.5 && node.writes == 2 && node.first == 4 && node.second == 3.5)
  }

  @Test func `an edge that one of them never takes moved infinitely, and no sum has it`() {
    let found = difference(
      ["input->m0": -.infinity, "m0->logits": 1], ["input->m0": 7, "m0->logits": 3])
    #expect(found.moves.map { "\($0.edge)" } == ["input->m0", "m0->logits"])
    #expect(found.moves[0].difference == .infinity)
    #expect(found.nodes.map(\.reads) == [0] && found.nodes.map(\.second) == [3])
  }

  /// Swapping the two turns differences round and leaves everything else.
  @Test(arguments: EdgeScores.Ranking.allCases) func `it has two sides`(
    ranking: EdgeScores.Ranking
  ) {
    let graph = ComputationGraph(layerCount: 4, headCount: 3, dModel: 8)
    let scores = { (seed: Int) in
      EdgeScores(
        (0..<(graph.writerCount * graph.readerCount)).map {
          Float(($0 + 1) * (7919 + seed) % 1009) - 500
        }, graph: graph)
    }
    let (one, other) = (scores(0), scores(31))
    let forward = ScoreDifference(from: one, to: other, by: ranking)
    let backward = ScoreDifference(from: other, to: one, by: ranking)
    #expect(forward.moves.map(\.edge) == backward.moves.map(\.edge))
    #expect(forward.moves.map(\.difference) == backward.moves.map { -$0.difference })
    #expect(forward.overlaps == backward.overlaps && forward.spearman == backward.spearman)
    #expect(
      forward.overlaps.map(\.edgeCount).filter { $0 == 0 }.isEmpty
        && forward.overlaps.last?.edgeCount == graph.edgeCount
        && forward.overlaps.last?.jaccard == 1)
  }

  /// The index over union is that of the circuits of the best edges, where no scores are equal.
  @Test func `overlaps are those of circuits`() {
    let graph = ComputationGraph(layerCount: 4, headCount: 3, dModel: 8)
    let size = graph.writerCount * graph.readerCount
    let one = EdgeScores((0..<size).map { Float($0 * 613 % 4093) }, graph: graph)
    let other = EdgeScores((0..<size).map { Float($0 * 1201 % 4093) }, graph: graph)
    let found = ScoreDifference(from: one, to: other, by: .magnitude)
    for overlap in found.overlaps {
      let circuits = [one, other].map { $0.circuit(edgeCount: overlap.edgeCount) }
      let counts = CircuitOverlap(of: circuits[0], with: circuits[1]).edges
      #expect(abs((overlap.jaccard ?? .nan) - counts.jaccard) < 1e-12, "\(overlap)")
    }
  }

  /// A head whose write is zeroed can move nothing and be moved by nothing: all its edges score 0.
  @Test(arguments: ["gpt2", "llama"]) func `a head that was zeroed is named`(
    family: String
  ) throws {
    let golden = try GoldenModel(family)
    let (head, layer) = (1, 1)
    let silenced = golden.model.silencing(head: head, layer: layer)
    let (before, after) = (
      try Self.scores(golden, golden.model), try Self.scores(golden, silenced)
    )
    let found = ScoreDifference(from: before, to: after, by: .magnitude)
    let node = try #require(found.nodes.first { $0.node == .head(layer: layer, index: head) })
    #expect(node.first > 0 && node.second == 0)
    #expect(found.nodes.filter { $0.second == 0 }.map(\.node) == [node.node])
    let graph = golden.graph
    let place = try #require(graph.index(of: node.node))
    let own = graph.edgeOffsets.filter { offset in
      offset / graph.readerCount == place
        || graph.writerIndices(behindReader: offset % graph.readerCount) == place..<(place + 1)
    }
    let moved = Set(found.moves.filter { $0.second == 0 }.map(\.edge))
    #expect(moved == Set(own.filter { before.values[$0] != 0 }.map(graph.edge(at:))))
  }

  private static func scores(_ golden: GoldenModel, _ model: Transformer) throws -> EdgeScores {
    let task = try golden.task(LogitDifference())
    return try AttributionPatching.plain.scores(
      for: DiscoveryProblem(
        model: model,
        task: try CircuitTask(
          name: task.name, pairs: task.pairs, metric: LogitDifference(), model: model)))
  }
}

extension Transformer {
  /// The model without what a head writes.
  fileprivate func silencing(head: Int, layer: Int) -> Transformer {
    var weights = weights
    let width = configuration.dHead
    let output = weights.blocks[layer].attention.output.weight
    let (rows, columns) = (output.shape[0], output.shape[1])
    var values = output.values()
    for row in 0..<rows {
      for column in (head * width)..<((head + 1) * width) { values[row * columns + column] = 0 }
    }
    weights.blocks[layer].attention.output.weight = Tensor(values, shape: [rows, columns])
    return Transformer(name: name, configuration: configuration, weights: weights)
  }
}
