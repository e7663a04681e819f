public import Graphs
public import Tasks

/// A head or MLP of a circuit, and what the circuit's edges make of it.
public struct CircuitNode: Sendable, Equatable {
  /// An edge with its score.
  public struct Link: Sendable, Equatable {
    /// The edge.
    public let edge: Edge
    /// Its score.
    public let score: Float

    /// Pairs an edge with its score.
    public init(edge: Edge, score: Float) {
      self.edge = edge
      self.score = score
    }
  }

  /// The head or MLP.
  public let node: Writer
  /// How many of the circuit's edges lead into it, for heads by queries, keys and values.
  public let readCount: Int
  /// How many of the circuit's edges lead out of it.
  public let writeCount: Int
  /// The edge into it with the largest magnitude, the first of equals; nil without edges or scores.
  public let strongestRead: Link?
  /// The edge out of it with the largest magnitude, the first of equals; nil without edges or scores.
  public let strongestWrite: Link?
  /// The direct effect on the logits: how far the metric of the circuit falls when of all its edges only that
  /// from the node to `logits` is ablated; nil when the circuit has no such edge.
  ///
  /// It is measured, not estimated: nothing but the logits depends on that edge.
  public let directEffect: PromptValues?

  /// What a node does to the logits itself.
  public enum Role: String, Sendable, Codable {
    /// Its write raises the metric there, by more than two standard errors.
    case supports
    /// Its write lowers the metric there, by more than two standard errors.
    case opposes
    /// Its write does neither.
    case neither
    /// The circuit has no edge from it to the logits: what it does, it does through other nodes.
    case indirect
  }

  /// What the direct effect says of the node.
  public var role: Role {
    guard let directEffect else { return .indirect }
    let doubt = 2 * (directEffect.standardError ?? 0)
    return directEffect.mean > doubt ? .supports : directEffect.mean < -doubt ? .opposes : .neither
  }

  /// Takes what was counted and measured.
  public init(
    node: Writer, readCount: Int, writeCount: Int, strongestRead: Link?, strongestWrite: Link?,
    directEffect: PromptValues?
  ) {
    self.node = node
    self.readCount = readCount
    self.writeCount = writeCount
    self.strongestRead = strongestRead
    self.strongestWrite = strongestWrite
    self.directEffect = directEffect
  }
}

extension Circuit {
  /// The heads and MLPs with their edges, in canonical order, without their direct effects.
  ///
  /// - Parameter scores: The scores that tell which edges are strong, of the circuit's graph; nil when there are none.
  /// - Returns: One for each node of `writers` but `input`.
  public func nodes(scores: EdgeScores? = nil) -> [CircuitNode] {
    precondition(scores.map { $0.graph == graph } ?? true, "circuit and scores of two graphs")
    var reads = [[Int]](repeating: [], count: graph.writerCount)
    var writes = reads
    for offset in offsets {
      let (writer, reader) = offset.quotientAndRemainder(dividingBy: graph.readerCount)
      writes[writer].append(offset)
      for node in graph.writerIndices(behindReader: reader) { reads[node].append(offset) }
    }
    return components.compactMap(graph.index(of:)).map { index in
      CircuitNode(
        node: graph.writer(at: index), readCount: reads[index].count,
        writeCount: writes[index].count,
        strongestRead: scores?.strongest(of: reads[index]),
        strongestWrite: scores?.strongest(of: writes[index]), directEffect: nil)
    }
  }
}

extension CircuitEvaluation {
  /// The heads and MLPs of a circuit with their edges and direct effects, in canonical order.
  ///
  /// Edges are ablated one by one, by the scheme's ablation and at its positions, whatever its granularity.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph, best a pruned one.
  ///   - scores: The scores that tell which edges are strong, of the circuit's graph; nil when there are none.
  ///   - progress: Is told about every run.
  /// - Returns: One for each node of `Circuit.writers` but `input`.
  /// - Complexity: One masked run of the circuit, and one of the logits alone for each node.
  public func nodes(
    of circuit: Circuit, scores: EdgeScores? = nil, progress: RunProgress.Handler = { _ in }
  ) -> [CircuitNode] {
    let nodes = circuit.nodes(scores: scores)
    let indices = nodes.compactMap { circuit.graph.index(of: $0.node) }
    let effects = directEffects(of: indices, in: circuit, progress: progress)
    return zip(nodes, effects).map { node, effect in
      CircuitNode(
        node: node.node, readCount: node.readCount, writeCount: node.writeCount,
        strongestRead: node.strongestRead, strongestWrite: node.strongestWrite,
        directEffect: effect)
    }
  }

  /// The effect of each node's edge to `logits`, where the circuit has it.
  private func directEffects(
    of nodes: [Int], in circuit: Circuit, progress: RunProgress.Handler
  ) -> [PromptValues?] {
    let graph = circuit.graph
    let members = Set(circuit.offsets)
    let offsets = nodes.map { $0 * graph.readerCount + graph.logitsReader }
    let parts = offsets.filter(members.contains).map {
      (name: "\(graph.edge(at: $0))", edges: Circuit(offsets: [$0], graph: graph))
    }
    var found = contributions(of: parts, to: circuit, progress: progress)[...]
    return offsets.map { members.contains($0) ? found.popFirst()?.effect : nil }
  }
}

extension EdgeScores {
  /// The edge of the largest magnitude, the first of equals.
  fileprivate func strongest(of offsets: [Int]) -> CircuitNode.Link? {
    offsets.min { (abs(values[$1]), $0) < (abs(values[$0]), $1) }.map {
      CircuitNode.Link(edge: graph.edge(at: $0), score: values[$0])
    }
  }
}
