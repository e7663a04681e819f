public import Graphs

/// How much of a true circuit another one has, edge by edge and node by node.
public struct CircuitOverlap: Sendable, Equatable {
  /// Two sets by their sizes.
  public struct Counts: Sendable, Equatable {
    /// How many members the found set has.
    public let found: Int
    /// How many members the true set has.
    public let truth: Int
    /// How many members both have.
    public let both: Int

    /// Takes sizes.
    public init(found: Int, truth: Int, both: Int) {
      self.found = found
      self.truth = truth
      self.both = both
    }

    /// The share of what was found that is true; NaN when nothing was found.
    public var precision: Double { Double(both) / Double(found) }
    /// The share of what is true that was found; NaN when nothing is true.
    public var recall: Double { Double(both) / Double(truth) }
    /// Intersection over union, the Jaccard index; 1 for two empty sets.
    public var jaccard: Double {
      let union = found + truth - both
      return union == 0 ? 1 : Double(both) / Double(union)
    }
  }

  /// The circuits' edges.
  public let edges: Counts
  /// The circuits' heads and MLPs.
  public let nodes: Counts

  /// Compares a circuit with a true one of the same graph.
  public init(of circuit: Circuit, with truth: Circuit) {
    precondition(circuit.graph == truth.graph, "circuits of two graphs")
    edges = Counts(
      found: circuit.edgeCount, truth: truth.edgeCount,
      both: circuit.intersection(truth).edgeCount)
    let (own, others) = (Set(circuit.components), Set(truth.components))
    nodes = Counts(
      found: own.count, truth: others.count, both: own.intersection(others).count)
  }
}

extension Circuit {
  /// The heads and MLPs among the circuit's ``writers``.
  var components: [Writer] { writers.filter { $0 != .input } }
}
