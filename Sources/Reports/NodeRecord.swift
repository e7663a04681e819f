public import Evaluation
import Graphs

/// A head or MLP of a circuit, as files hold it.
public struct NodeRecord: Codable, Sendable, Equatable {
  /// An edge with its score.
  struct Link: Codable, Sendable, Equatable {
    let edge: String
    let score: Float

    init(_ link: CircuitNode.Link) {
      edge = link.edge.description
      score = link.score
    }
  }

  let node: String
  let reads: Int
  let writes: Int
  let strongestRead: Link?
  let strongestWrite: Link?
  let directEffect: Double?
  let directEffectStandardError: Double?
  let role: CircuitNode.Role?

  /// Takes a node as it was counted and measured.
  ///
  /// - Parameters:
  ///   - node: The node.
  ///   - isMeasured: Whether direct effects were measured: without one, a node has then none.
  public init(_ node: CircuitNode, isMeasured: Bool = true) {
    self.node = node.node.description
    reads = node.readCount
    writes = node.writeCount
    strongestRead = node.strongestRead.map(Link.init)
    strongestWrite = node.strongestWrite.map(Link.init)
    directEffect = node.directEffect.flatMap { finite($0.mean) }
    directEffectStandardError = node.directEffect?.standardError.flatMap(finite)
    role = isMeasured ? node.role : nil
  }
}
