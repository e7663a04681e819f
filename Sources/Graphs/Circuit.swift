/// A set of edges of a graph: the part of the model that is said to do the task.
public struct Circuit: Sendable, Equatable {
  /// The graph that the edges belong to.
  public let graph: ComputationGraph
  /// The places of the edges in a matrix `[writers, readers]`, ascending: the canonical order.
  public let offsets: [Int]

  /// Takes edges by their places in a matrix `[writers, readers]`, in any order.
  package init(offsets: some Sequence<Int>, graph: ComputationGraph) {
    self.graph = graph
    self.offsets = offsets.sorted()
  }

  /// Takes edges, in any order and repeated or not; nil when the graph lacks one of them.
  public init?(_ edges: some Sequence<Edge>, graph: ComputationGraph) {
    var offsets: Set<Int> = []
    for edge in edges {
      guard let offset = graph.offset(of: edge) else { return nil }
      offsets.insert(offset)
    }
    self.init(offsets: offsets, graph: graph)
  }

  /// How many edges the circuit has.
  public var edgeCount: Int { offsets.count }
  /// The edges in canonical order.
  public var edges: [Edge] { offsets.map(graph.edge(at:)) }

  /// Whether the circuit has the edge; O(log E).
  public func contains(_ edge: Edge) -> Bool {
    guard let offset = graph.offset(of: edge) else { return false }
    var (low, high) = (0, offsets.count)
    while low < high {
      let middle = (low + high) / 2
      if offsets[middle] < offset { low = middle + 1 } else { high = middle }
    }
    return low < offsets.count && offsets[low] == offset
  }

  /// The writers of the circuit's edges and the writers that its readers feed, in canonical order.
  public var writers: [Writer] {
    let isMember = isMember
    return isMember.indices.filter { isMember[$0] }.map(graph.writer(at:))
  }
}
