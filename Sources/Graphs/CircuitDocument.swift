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

    enum CodingKeys: String, CodingKey {
      case layerCount = "n_layers"
      case headCount = "n_heads"
      case isParallel = "parallel_attn_mlp"
      case dModel = "d_model"
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

  /// Describes a circuit, with the scores it was chosen by.
  public init(_ circuit: Circuit, scores: EdgeScores? = nil) {
    let graph = circuit.graph
    configuration = Configuration(
      layerCount: graph.layerCount, headCount: graph.headCount, isParallel: graph.isParallel,
      dModel: graph.dModel)
    let members = Set(circuit.writers)
    let logits = circuit.offsets.contains { $0 % graph.readerCount == graph.logitsReader }
    nodes = ["logits": Node(isInGraph: logits)]
    for writer in graph.writers {
      nodes[writer.description] = Node(isInGraph: members.contains(writer))
    }
    let kept = Set(circuit.offsets)
    edges = [:]
    for offset in graph.edgeOffsets {
      edges[graph.edge(at: offset).description] = Link(
        score: scores?.values[offset], isInGraph: kept.contains(offset))
    }
  }
}

/// Why a circuit file does not describe a circuit.
public enum CircuitFormatError: Error, Equatable, CustomStringConvertible {
  /// The sizes are impossible.
  case badConfiguration(String)
  /// An edge's name is not one of the graph.
  case unknownEdge(String)
  /// A score is not a finite number.
  case badScore(edge: String)

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .badConfiguration(let found):
      """
      The circuit's cfg must have 1 to \(sizeLimit.nodes) layers and heads, at most \
      \(sizeLimit.matrix) pairs of a writer and a reader, and a positive d_model, found \(found).
      """
    case .unknownEdge(let name):
      "The circuit names the edge \"\(name)\", which a model of its cfg does not have."
    case .badScore(let edge): "The score of edge \"\(edge)\" is not a finite number."
    }
  }
}

/// What a file of names may make us allocate; larger graphs travel as safetensors.
private let sizeLimit = (nodes: 4096, matrix: 1 << 25)

extension CircuitDocument {
  /// The graph that the configuration describes.
  ///
  /// - Throws: ``CircuitFormatError`` when the sizes are impossible.
  public func graph() throws(CircuitFormatError) -> ComputationGraph {
    let sizes = configuration
    let problem = CircuitFormatError.badConfiguration(
      "n_layers \(sizes.layerCount), n_heads \(sizes.headCount), d_model \(sizes.dModel)")
    let known = 1...sizeLimit.nodes
    guard known.contains(sizes.layerCount), known.contains(sizes.headCount), sizes.dModel > 0
    else { throw problem }
    let graph = ComputationGraph(
      layerCount: sizes.layerCount, headCount: sizes.headCount,
      keyValueReaderCount: keyReaderCount(heads: sizes.headCount), isParallel: sizes.isParallel,
      dModel: sizes.dModel)
    guard graph.writerCount * graph.readerCount <= sizeLimit.matrix else { throw problem }
    return graph
  }

  /// Files of grouped graphs name fewer keys than heads; the schema has no field for it.
  private func keyReaderCount(heads: Int) -> Int? {
    let keys = (0..<heads).filter { edges["input->a0.h\($0)<k>"] != nil }.count
    return keys > 0 && heads % keys == 0 ? keys : nil
  }

  /// The circuit of the edges that the file keeps.
  ///
  /// - Throws: ``CircuitFormatError`` for impossible sizes or an edge that the graph lacks.
  public func circuit() throws(CircuitFormatError) -> Circuit {
    let graph = try graph()
    var offsets: [Int] = []
    for (name, link) in edges.sorted(by: { $0.key < $1.key }) {
      let offset = try offset(of: name, in: graph)
      if link.isInGraph { offsets.append(offset) }
    }
    return Circuit(offsets: offsets, graph: graph)
  }

  /// The scores that the file states, 0 for edges without one; nil when it states none.
  ///
  /// - Throws: ``CircuitFormatError`` for an edge that the graph lacks or a score that is NaN.
  public func scores() throws(CircuitFormatError) -> EdgeScores? {
    let graph = try graph()
    var values = [Float](repeating: 0, count: graph.writerCount * graph.readerCount)
    var isScored = false
    for (name, link) in edges.sorted(by: { $0.key < $1.key }) {
      guard let score = link.score else { continue }
      guard score.isFinite else { throw .badScore(edge: name) }
      values[try offset(of: name, in: graph)] = score
      isScored = true
    }
    return isScored ? EdgeScores(values, graph: graph) : nil
  }

  private func offset(
    of name: String, in graph: ComputationGraph
  ) throws(CircuitFormatError) -> Int {
    guard let offset = Edge(name).flatMap(graph.offset(of:)) else { throw .unknownEdge(name) }
    return offset
  }
}
