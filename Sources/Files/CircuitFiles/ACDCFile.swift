import Graphs

/// ACDC's files: every edge with whether it stayed (`save_subgraph`), or the edges that stayed with
/// their effects (`save_edges`).
///
/// Both name an edge by receiver, its index, sender and its index, in TransformerLens's words:
/// `("blocks.9.hook_q_input", (None, None, 9), "blocks.0.hook_resid_pre", (None,))`. The effect of an
/// edge is how far the loss rose when it was removed, which is our score.
enum ACDCFile {
  static func contents(
    _ value: PickleValue, _ graph: ComputationGraph
  ) throws(CircuitFileProblem) -> CircuitFile.Contents {
    let names = NodeNames(graph: graph)
    if let entries = value.entries {
      var edges: [Edge] = []
      for (key, value) in entries {
        guard let isPresent = value.bool else { throw expected }
        if let edge = try names.edge(key), isPresent { edges.append(edge) }
      }
      return CircuitFile.Contents(
        circuit: Circuit(edges, graph: graph), scores: nil, format: "ACDC")
    }
    guard let items = value.items else { throw expected }
    var edges: [Edge] = []
    var scores = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    for item in items {
      guard let pair = item.items, pair.count == 2 else { throw expected }
      guard let edge = try names.edge(pair[0]), let offset = graph.offset(of: edge) else {
        continue
      }
      edges.append(edge)
      guard let effect = pair[1].number else { continue }
      guard Float(effect).isFinite else { throw .badScore(edge: "\(edge)") }
      scores[offset] = Float(effect)
    }
    return CircuitFile.Contents(
      circuit: Circuit(edges, graph: graph),
      scores: scores.allSatisfy { $0 == 0 } ? nil : EdgeScores(scores, graph: graph),
      format: "ACDC")
  }

  static let expected = CircuitFileProblem.malformed(
    "expected what ACDC's save_subgraph or save_edges, or EAP-IG's to_pt, writes")
}

/// TransformerLens's names of what components read and write.
private struct NodeNames {
  let graph: ComputationGraph

  /// The edge that a key names; nil for a connection inside of a node.
  func edge(_ key: PickleValue) throws(CircuitFileProblem) -> Edge? {
    guard let parts = key.items, parts.count == 4, let receiver = parts[0].text,
      let sender = parts[2].text
    else { throw ACDCFile.expected }
    guard let reader = try reader(receiver, head(parts[1])) else { return nil }
    let edge = Edge(try writer(sender, head(parts[3])), reader)
    guard graph.contains(edge) else { throw .unknown("\(edge)", has: graph.sizes) }
    return edge
  }

  /// The head that an index such as `(None, None, 9)` selects, written plainly or as ACDC's class.
  private func head(_ index: PickleValue) -> Int? {
    if case .object(let object) = index, let plain = object.state?["hashable_tuple"] {
      return plain.items?.last?.integer
    }
    return index.items?.last?.integer
  }

  private func reader(_ name: String, _ head: Int?) throws(CircuitFileProblem) -> Reader? {
    guard let (layer, hook) = split(name) else { throw .unknown(name, has: graph.sizes) }
    switch (hook, head) {
    case ("hook_resid_post", _) where layer == graph.layerCount - 1: return .logits
    case ("hook_mlp_in", _): return .mlp(layer: layer)
    case ("hook_q_input", let head?): return .head(layer: layer, index: head, projection: .query)
    case ("hook_k_input", let head?): return .head(layer: layer, index: head, projection: .key)
    case ("hook_v_input", let head?): return .head(layer: layer, index: head, projection: .value)
    case ("attn.hook_q", _), ("attn.hook_k", _), ("attn.hook_v", _), ("attn.hook_result", _),
      ("hook_mlp_out", _):
      return nil
    default: throw .unknown(name, has: graph.sizes)
    }
  }

  private func writer(_ name: String, _ head: Int?) throws(CircuitFileProblem) -> Writer {
    if ["hook_embed", "hook_pos_embed", "blocks.0.hook_resid_pre"].contains(name) { return .input }
    switch (split(name)?.layer, split(name)?.hook, head) {
    case (let layer?, "attn.hook_result", let head?): return .head(layer: layer, index: head)
    case (let layer?, "hook_mlp_out", _): return .mlp(layer: layer)
    default: throw .unknown(name, has: graph.sizes)
    }
  }

  /// `blocks.9.attn.hook_result` as 9 and `attn.hook_result`.
  private func split(_ name: String) -> (layer: Int, hook: String)? {
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "blocks", let layer = Int(parts[1]), layer >= 0 else {
      return nil
    }
    return (layer, String(parts[2]))
  }
}
