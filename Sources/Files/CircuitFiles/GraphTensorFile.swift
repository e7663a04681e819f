import Graphs
import Tensors

/// EAP-IG's and MIB's `.pt` file: scores and membership of edges as tensors `[writers, readers]`.
///
/// Writers are in our order; readers too, `logits` last.
enum GraphTensorFile {
  static func contents(
    _ archive: TorchArchive, _ graphs: [ComputationGraph]
  ) throws -> CircuitFile.Contents {
    guard let sizes = archive.value["cfg"], let layers = sizes["n_layers"]?.integer,
      let heads = sizes["n_heads"]?.integer, let isParallel = sizes["parallel_attn_mlp"]?.bool,
      let dModel = sizes["d_model"]?.integer, (1...4096).contains(layers),
      (1...4096).contains(heads), dModel > 0
    else {
      throw CircuitFileProblem.malformed(
        "expected a \"cfg\" with n_layers, n_heads, parallel_attn_mlp and d_model")
    }
    let graph = try graphs.like(
      ComputationGraph(
        layerCount: layers, headCount: heads, isParallel: isParallel, dModel: dModel))
    let scores = try values(archive, "edges_scores", graph)
    if let offset = graph.edgeOffsets.first(where: { !scores[$0].isFinite }) {
      throw CircuitFileProblem.format(.badScore(edge: "\(graph.edge(at: offset))"))
    }
    var circuit: Circuit?
    if archive.value["edges_in_graph"] != nil {
      let isKept = try values(archive, "edges_in_graph", graph)
      circuit = Circuit(
        graph.edgeOffsets.filter { isKept[$0] != 0 }.map(graph.edge(at:)), graph: graph)
    }
    return CircuitFile.Contents(
      circuit: circuit, scores: EdgeScores(scores, graph: graph), format: "EAP-IG")
  }

  private static func values(
    _ archive: TorchArchive, _ key: String, _ graph: ComputationGraph
  ) throws -> [Float] {
    try archive.tensor(key, shape: [graph.writerCount, graph.readerCount]).values()
  }
}
