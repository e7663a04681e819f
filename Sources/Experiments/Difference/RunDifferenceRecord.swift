import Evaluation
import Graphs
import Reports

/// What `diff.json` says; infinite numbers are left out.
struct RunDifferenceRecord: Encodable {
  struct Source: Encodable {
    let path: String
    let model: String?
    let task: String?
    let method: String?
    let metric: String?
  }

  struct Move: Encodable {
    let edge: String
    let first: Double?
    let second: Double?
    let difference: Double?
    /// Which circuit has the edge: both, first, second.
    let circuit: String?
  }

  struct Node: Encodable {
    let node: String
    let edgesIn: Double
    let edgesOut: Double
    let first: Double
    let second: Double
  }

  struct Size: Encodable {
    let fraction: Double
    let edges: Int
    let shared: Double?
    let jaccard: Double?
  }

  struct Sets: Encodable {
    let first: Int
    let second: Int
    let both: Int
    let jaccard: Double
  }

  let version = edgewiseVersion
  let first: Source
  let second: Source
  let notes: [String]
  /// How many edges the models have.
  let edges: Int
  /// The edges whose scores differ, those that moved most first.
  let moved: [Move]
  let nodes: [Node]
  let ranking: EdgeScores.Ranking
  let spearman: Double?
  let sizes: [Size]
  let circuitEdges: Sets?
  let circuitNodes: Sets?

  init(
    _ found: RunDifference, first: (path: String, heading: RunHeading?),
    second: (path: String, heading: RunHeading?), ranking: EdgeScores.Ranking,
    overlap: CircuitOverlap?
  ) {
    (self.first, self.second) = (Self.source(first), Self.source(second))
    self.ranking = ranking
    notes = found.notes
    edges = found.scores.edgeCount
    moved = found.scores.moves.map { move in
      Move(
        edge: "\(move.edge)", first: finite(Double(move.first)),
        second: finite(Double(move.second)), difference: finite(move.difference),
        circuit: found.circuits?.owner(of: move.edge))
    }
    nodes = found.scores.nodes.map {
      Node(
        node: "\($0.node)", edgesIn: $0.reads, edgesOut: $0.writes, first: $0.first,
        second: $0.second)
    }
    spearman = found.scores.spearman
    sizes = found.scores.overlaps.map {
      Size(fraction: $0.fraction, edges: $0.edgeCount, shared: $0.shared, jaccard: $0.jaccard)
    }
    circuitEdges = overlap.map { Self.sets($0.edges) }
    circuitNodes = overlap.map { Self.sets($0.nodes) }
  }

  private static func source(_ source: (path: String, heading: RunHeading?)) -> Source {
    let heading = source.heading
    return Source(
      path: source.path, model: heading?.model, task: heading?.task, method: heading?.method,
      metric: heading?.metric)
  }

  private static func sets(_ counts: CircuitOverlap.Counts) -> Sets {
    Sets(
      first: counts.found, second: counts.truth, both: counts.both, jaccard: counts.jaccard)
  }
}
