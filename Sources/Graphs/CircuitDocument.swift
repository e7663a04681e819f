/// A circuit in the JSON schema of the EAP-IG and MIB packages.
///
/// Encode and decode it with any coder; node and edge names are those of ``Writer`` and ``Edge``.
public struct CircuitDocument: Codable, Sendable, Equatable {
  /// The sizes that determine the graph.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Layers.
    public var layerCount: Int
    /// Heads of each layer.
    public var headCount: Int
    /// Whether MLPs read the same stream as their layer's heads.
    public var isParallel: Bool
    /// The width of the residual stream.
    public var dModel: Int
    /// True for a model without MLPs, as TransformerLens calls it; nil for others.
    public var isAttentionOnly: Bool?
    /// How heads of a layer depend on each other beside edges; nil where they do not.
    public var headCoupling: HeadCoupling?

    enum CodingKeys: String, CodingKey {
      case layerCount = "n_layers"
      case headCount = "n_heads"
      case isParallel = "parallel_attn_mlp"
      case dModel = "d_model"
      case isAttentionOnly = "attn_only"
      case headCoupling = "head_coupling"
    }
  }

  /// What the file says of a node.
  public struct Node: Codable, Sendable, Equatable {
    /// Whether the node is part of the circuit; EAP-IG's own files do not say it of `logits`.
    public var isInGraph: Bool?
    /// The node's score, if nodes were scored.
    public var score: Float?
    /// Which of the node's dimensions are part of the circuit.
    public var neurons: [Bool]?
    /// A score for each dimension of the node.
    public var neuronScores: [Float]?

    enum CodingKeys: String, CodingKey {
      case isInGraph = "in_graph"
      case score, neurons
      case neuronScores = "neurons_scores"
    }
  }

  /// What the file says of an edge.
  public struct Link: Codable, Sendable, Equatable {
    /// The edge's score, if edges were scored.
    public var score: Float?
    /// Whether the edge is part of the circuit.
    public var isInGraph: Bool

    enum CodingKeys: String, CodingKey {
      case score
      case isInGraph = "in_graph"
    }
  }

  /// The sizes that determine the graph.
  public var configuration: Configuration
  /// Every node by name.
  public var nodes: [String: Node]
  /// Every edge by name.
  public var edges: [String: Link]

  enum CodingKeys: String, CodingKey {
    case configuration = "cfg"
    case nodes, edges
  }

  /// The most edges of a graph whose files list those outside of the circuit, too.
  public static let mostListed = 500_000

  /// Describes a circuit, with the scores it was chosen by.
  ///
  /// All edges of the graph are listed, with their scores; of a very large graph only the circuit's, unless keys and values
  /// are grouped, which is seen by the edges that there are.
  ///
  /// - Parameters:
  ///   - circuit: The circuit.
  ///   - scores: The scores of all edges; nil for none.
  ///   - limit: From how many edges on a graph is very large.
  public init(_ circuit: Circuit, scores: EdgeScores? = nil, listing limit: Int = mostListed) {
    let graph = circuit.graph
    configuration = Configuration(
      layerCount: graph.layerCount, headCount: graph.headCount, isParallel: graph.isParallel,
      dModel: graph.dModel, isAttentionOnly: graph.hasMLPs ? nil : true,
      headCoupling: graph.headCoupling == .none ? nil : graph.headCoupling)
    let members = Set(circuit.writers)
    let logits = circuit.offsets.contains { $0 % graph.readerCount == graph.logitsReader }
    nodes = ["logits": Node(isInGraph: logits)]
    for (place, writer) in graph.writers.enumerated() {
      nodes[writer.description] = Node(
        isInGraph: members.contains(writer), score: scores?.nodes?.values[place])
    }
    let kept = Set(circuit.offsets)
    edges = [:]
    let isGrouped = graph.keyValueReaderCount < graph.headCount
    let listed =
      graph.edgeCount > limit && !isGrouped ? circuit.offsets : graph.edgeOffsets
    for offset in listed {
      edges[graph.edge(at: offset).description] = Link(
        score: scores?.values[offset], isInGraph: kept.contains(offset))
    }
  }
}
