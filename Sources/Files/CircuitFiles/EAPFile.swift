import Foundation
import Graphs

/// EAP-IG's and MIB's JSON of any year: `cfg`, `nodes` and `edges`.
///
/// Files of 2024 do not say `d_model`, have plain booleans as nodes and null as scores; files of MIB may score nodes
/// alone, with NaN for those that are always kept and −∞ for those that never are. Edges may be listed in part, and be
/// plain numbers, their scores, or booleans.
enum EAPFile {
  static let expected = CircuitFileProblem.malformed(
    """
    expected a circuit in EAP-IG's JSON, with \"cfg\", \"nodes\" and \"edges\", or Edge Pruning's list of pairs
    """)

  static func contents(
    _ data: Data, _ graphs: [ComputationGraph]
  ) throws(CircuitFileProblem) -> CircuitFile.Contents {
    let listing: EAPListing
    do throws(JSONReader.Problem) {
      listing = try EAPListing(data)
    } catch {
      throw .malformed("the file is not JSON; \(error.sentence)")
    }
    if let fault = listing.fault { throw .malformed(fault) }
    guard let sizes = listing.sizes else { throw expected }
    guard listing.listsEdges else {
      throw .malformed(
        """
        the file lists no edges: versions of EAP-IG of early 2025 did not write them; write the graph as .pt, or \
        with another version
        """)
    }
    let stated = try graph(of: listing, sizes, graphs)
    if let name = listing.unreadable { throw .unknown(name, has: stated.sizes) }
    let graph = try graphs.like(stated)
    return try contents(listing, graph)
  }

  private static func contents(
    _ listing: EAPListing, _ graph: ComputationGraph
  ) throws(CircuitFileProblem) -> CircuitFile.Contents {
    var values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    var isKept = [Bool](repeating: false, count: values.count)
    var isScored = false
    for listed in listing.edges {
      guard let offset = graph.offset(of: listed.edge) else {
        throw .unknown("\(listed.edge)", has: graph.sizes)
      }
      isKept[offset] = listed.isInGraph ?? false
      guard let score = listed.score else { continue }
      guard score.isFinite || score == -.infinity else { throw .badScore(edge: "\(listed.edge)") }
      values[offset] = score
      isScored = true
    }
    let offsets = isKept.indices.filter { isKept[$0] }
    let circuit = Circuit(offsets: offsets, graph: graph)
    let nodes = try nodeScores(listing, graph)
    if values.allSatisfy({ $0 == 0 }), let nodes {
      return CircuitFile.Contents(
        circuit: offsets.isEmpty ? nil : circuit, scores: EdgeScores(nodes: nodes), format: "EAP-IG"
      )
    }
    // Scores of nodes may stand beside those of edges, or be what these follow from.
    let derived = nodes.map { EdgeScores(nodes: $0) }
    let scores = EdgeScores(values, graph: graph)
    // Plain numbers are scores, of which nothing says which edges are kept.
    let names = listing.edges.isEmpty || listing.edges.contains { $0.isInGraph != nil }
    return CircuitFile.Contents(
      circuit: names ? circuit : nil,
      scores: isScored ? derived?.values == scores.values ? derived : scores : nil, format: "EAP-IG"
    )
  }

  /// The importances of nodes; nil when no node has one.
  private static func nodeScores(
    _ listing: EAPListing, _ graph: ComputationGraph
  ) throws(CircuitFileProblem) -> NodeScores? {
    var values = [Float?](repeating: -.infinity, count: graph.writerCount)
    var isScored = false
    for (name, value) in listing.nodes where name != "logits" {
      guard case .object(let fields) = value, let number = fields["score"]?.float else { continue }
      guard let place = Writer(name).flatMap(graph.index(of:)) else {
        throw .unknown(name, has: graph.sizes)
      }
      guard number != .infinity else { throw .badScore(edge: name) }
      values[place] = number.isNaN ? nil : number
      isScored = isScored || number.isFinite
    }
    return isScored ? NodeScores(values, graph: graph) : nil
  }

  /// The graph that a file is of: one with a key and value for each head, unless all edges of one that groups them
  /// are listed, and no other.
  private static func graph(
    of listing: EAPListing, _ sizes: Fields, _ graphs: [ComputationGraph]
  ) throws(CircuitFileProblem) -> ComputationGraph {
    let isParallel = sizes.values["parallel_attn_mlp"] == .flag(true)
    let number = { (name: String) -> Int? in
      if case .integer(let number) = sizes.values[name] { number } else { nil }
    }
    let coupling = try coupling(sizes)
    // A file that says nothing of MLPs, nor names one, may be about a part of any model.
    let hasMLPs =
      try isAttentionOnly(sizes).map { !$0 }
      ?? (listing.namesMLPs ? true : graphs.first?.hasMLPs)
    let listed = listing.writers.count
    let make = { (keys: Int?) throws(CircuitFileProblem) in
      try ComputationGraph(
        statedLayers: number("n_layers"), heads: number("n_heads"), isParallel: isParallel,
        dModel: number("d_model") ?? (sizes.contains("d_model") ? 0 : nil), keys: keys,
        hasMLPs: hasMLPs, listing: listed, coupling: coupling)
    }
    let whole = try make(nil)
    let groupings =
      graphs.isEmpty ? Array(1..<whole.headCount) : graphs.map(\.keyValueReaderCount)
    for keys in groupings where keys < whole.headCount && whole.headCount % keys == 0 {
      let grouped = try make(keys)
      if grouped.edgeCount == listing.edges.count,
        listing.edges.allSatisfy({ grouped.contains($0.edge) })
      {
        return grouped
      }
    }
    if let stranger = listing.edges.first(where: { !whole.contains($0.edge) }) {
      throw .unknown("\(stranger.edge)", has: whole.sizes)
    }
    return whole
  }
}

extension EAPFile {
  /// Whether the file says that its model has no MLPs, as TransformerLens calls that; nil when it says nothing.
  private static func isAttentionOnly(_ sizes: Fields) throws(CircuitFileProblem) -> Bool? {
    switch sizes.values["attn_only"] {
    case nil, .null: return nil
    case .flag(let flag): return flag
    case let other?:
      throw .malformed(
        "the circuit's cfg should have an attn_only of true or false, or none, found \(other)")
    }
  }

  /// What Edgewise states of heads that share a norm.
  private static func coupling(_ sizes: Fields) throws(CircuitFileProblem) -> HeadCoupling {
    let stated: String
    switch sizes.values["head_coupling"] {
    case nil: return .none
    case .text(let text): stated = text
    default: stated = "no text"
    }
    guard let coupling = HeadCoupling(rawValue: stated) else {
      throw .malformed(
        "the circuit's cfg should have a head_coupling of writes or inputs, or none, found \(stated.shortened)"
      )
    }
    return coupling
  }
}

extension FieldValue {
  /// A number in single precision; nil for anything else.
  var float: Float? {
    switch self {
    case .integer(let integer): Float(integer)
    case .number(let number): Float(number)
    default: nil
    }
  }
}
