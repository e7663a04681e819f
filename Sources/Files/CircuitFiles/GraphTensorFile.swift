import Graphs
import Tensors

/// EAP-IG's and MIB's `.pt` file: scores and membership of edges as tensors `[writers, readers]`.
///
/// Writers are in our order; readers too, `logits` last. How many there are tells whether layers have MLPs. Files of
/// 2024 and early 2025 call the scores `edges`. Where all of them are 0, `nodes_scores` has those of writers.
enum GraphTensorFile {
  static func recognises(_ archive: TorchArchive) -> Bool {
    archive.value["edges_scores"] != nil || archive.value["edges"] != nil
  }

  static func contents(
    _ archive: TorchArchive, _ graphs: [ComputationGraph]
  ) throws -> CircuitFile.Contents {
    guard let sizes = archive.value["cfg"], let isParallel = sizes["parallel_attn_mlp"]?.bool else {
      throw CircuitFileProblem.malformed(
        "expected a \"cfg\" with n_layers, n_heads, parallel_attn_mlp and d_model")
    }
    let key = archive.value["edges"] == nil ? "edges_scores" : "edges"
    let shape = try archive.value[key].flatMap { try archive.stored($0, key)?.shape }
    let graph = try graphs.like(
      ComputationGraph(
        statedLayers: sizes["n_layers"]?.integer, heads: sizes["n_heads"]?.integer,
        isParallel: isParallel, dModel: sizes["d_model"]?.integer,
        listing: shape?.first ?? 0))
    let scores = try values(archive, key, graph)
    if let offset = graph.edgeOffsets.first(where: {
      !scores[$0].isFinite && scores[$0] != -.infinity
    }) {
      throw CircuitFileProblem.badScore(edge: "\(graph.edge(at: offset))")
    }
    var circuit: Circuit?
    if archive.value["edges_in_graph"] != nil {
      let isKept = try values(archive, "edges_in_graph", graph)
      circuit = Circuit(
        graph.edgeOffsets.filter { isKept[$0] != 0 }.map(graph.edge(at:)), graph: graph)
    }
    let edges = EdgeScores(scores, graph: graph)
    if edges.values.allSatisfy({ $0 == 0 }), archive.value["nodes_scores"] != nil {
      let nodes = try archive.tensor("nodes_scores", shape: [graph.writerCount]).values()
      return CircuitFile.Contents(
        circuit: circuit?.edgeCount == 0 ? nil : circuit,
        scores: EdgeScores(nodes: NodeScores(nodes.map { $0.isNaN ? nil : $0 }, graph: graph)),
        format: "EAP-IG")
    }
    return CircuitFile.Contents(circuit: circuit, scores: edges, format: "EAP-IG")
  }

  private static func values(
    _ archive: TorchArchive, _ key: String, _ graph: ComputationGraph
  ) throws -> [Float] {
    try archive.tensor(key, shape: [graph.writerCount, graph.readerCount]).values()
  }
}
