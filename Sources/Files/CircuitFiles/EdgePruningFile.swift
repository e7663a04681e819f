import Foundation
import Graphs

/// Edge Pruning's `edges.json`: pairs such as `["a0.h3", "a5.h1.q"]`.
///
/// Writers are `tok_embeds`, `pos_embeds` (both are `input`), heads and MLPs; readers are heads with
/// `.q`, `.k` or `.v`, MLPs and `resid_post` (`logits`).
enum EdgePruningFile {
  static func contents(
    _ data: Data, _ graphs: [ComputationGraph]
  ) throws(CircuitFileProblem) -> CircuitFile.Contents {
    let value: FieldValue
    do { value = try FieldValue(json: data) } catch { throw .malformed(error.description) }
    var pairs: [[String]] = []
    guard case .list(let items) = value else { throw EAPFile.expected }
    for item in items {
      guard case .list(let parts) = item else { throw EAPFile.expected }
      var texts: [String] = []
      for case .text(let text) in parts { texts.append(text) }
      guard texts.count == parts.count else { throw EAPFile.expected }
      pairs.append(texts)
    }
    return try contents(pairs, graphs.whole())
  }

  private static func contents(
    _ pairs: [[String]], _ graph: ComputationGraph
  ) throws(CircuitFileProblem) -> CircuitFile.Contents {
    var edges: [Edge] = []
    for pair in pairs {
      guard pair.count == 2 else {
        throw .malformed("expected pairs of a writer and a reader, found \("\(pair)".shortened)")
      }
      guard let writer = writer(pair[0]), graph.index(of: writer) != nil else {
        throw .unknown(pair[0], has: graph.sizes)
      }
      guard let reader = reader(pair[1]), graph.index(of: reader) != nil else {
        throw .unknown(pair[1], has: graph.sizes)
      }
      let edge = Edge(writer, reader)
      guard graph.contains(edge) else { throw .unknown("\(edge)", has: graph.sizes) }
      edges.append(edge)
    }
    return CircuitFile.Contents(
      circuit: Circuit(edges, graph: graph), scores: nil, format: "Edge Pruning")
  }

  private static func writer(_ name: String) -> Writer? {
    ["tok_embeds", "pos_embeds"].contains(name) ? .input : Writer(name)
  }

  private static func reader(_ name: String) -> Reader? {
    if name == "resid_post" { return .logits }
    let parts = name.split(separator: ".")
    return parts.count == 3 ? Reader("\(parts[0]).\(parts[1])<\(parts[2])>") : Reader(name)
  }
}
