import Foundation
import Graphs

/// What EAP-IG's JSON says, read edge by edge: a file of a large model names millions of them.
struct EAPListing {
  /// An edge as it is listed.
  struct Listed {
    let edge: Edge
    var score: Float?
    /// Nil where nothing is said of it.
    var isInGraph: Bool?
  }

  private(set) var sizes: Fields?
  private(set) var nodes: [(name: String, value: FieldValue)] = []
  private(set) var edges: [Listed] = []
  private(set) var listsEdges = false
  /// The first name that is no edge's of any model.
  private(set) var unreadable: String?
  /// What is wrong with the first edge that is not written as expected.
  private(set) var fault: String?

  init(_ data: Data) throws(JSONReader.Problem) {
    var reader = JSONReader(data)
    guard reader.peek() == UInt8(ascii: "{") else {
      _ = try reader.value()
      return
    }
    try reader.object { reader, key throws(JSONReader.Problem) in
      switch key {
      case "cfg":
        if case .object(let values) = try reader.value() {
          sizes = Fields(file: "", values: values)
        }
      case "nodes":
        guard case .object(let values) = try reader.value() else { return }
        nodes = values.sorted { $0.key < $1.key }.map { ($0, $1) }
      case "edges" where reader.peek() == UInt8(ascii: "{"):
        listsEdges = true
        try readEdges(&reader)
      default: _ = try reader.value()
      }
    }
    try reader.finish()
  }

  private var names = EdgeNames()

  private mutating func readEdges(_ reader: inout JSONReader) throws(JSONReader.Problem) {
    try reader.object { reader, name throws(JSONReader.Problem) in
      let (score, isInGraph) = try readLink(&reader, name)
      if let edge = names.edge(name) {
        edges.append(Listed(edge: edge, score: score, isInGraph: isInGraph))
      } else {
        unreadable = unreadable ?? name
      }
    }
  }

  /// The value of an edge: its fields, a score or whether it is in the circuit.
  private mutating func readLink(
    _ reader: inout JSONReader, _ name: String
  ) throws(JSONReader.Problem) -> (score: Float?, isInGraph: Bool?) {
    var (score, isInGraph) = (Float?.none, Bool?.none)
    guard reader.peek() == UInt8(ascii: "{") else {
      let value = try reader.value()
      if case .flag(let flag) = value { return (nil, flag) }
      if value.float == nil { note(name, value) }
      return (value.float, nil)
    }
    try reader.object { reader, key throws(JSONReader.Problem) in
      let value = try reader.value()
      switch (key, value) {
      case ("in_graph", .flag(let flag)): isInGraph = flag
      case ("score", .null): break
      case ("score", _) where value.float != nil: score = value.float
      case ("in_graph", _), ("score", _): note("\(name).\(key)", value)
      default: break
      }
    }
    return (score, isInGraph)
  }

  private mutating func note(_ name: String, _ value: FieldValue) {
    fault =
      fault
        ?? """
        expected edges with a \"score\" and whether they are \"in_graph\", or their scores, found \
        \"\(name.shortened)\" as \(value)
        """
  }
}

/// Reads the names of edges, in which the same writers and readers come again and again.
private struct EdgeNames {
  private(set) var writers: [Substring: Writer] = [:]
  private(set) var readers: [Substring: Reader] = [:]

  /// The edge of a name; nil when it is no edge's.
  mutating func edge(_ name: String) -> Edge? {
    guard let arrow = name.utf8.firstIndex(of: UInt8(ascii: "-")),
      name.utf8[arrow...].starts(with: "->".utf8)
    else { return nil }
    let (left, right) = (name[..<arrow], name[name.utf8.index(arrow, offsetBy: 2)...])
    guard let writer = writers[left] ?? Writer(left), let reader = readers[right] ?? Reader(right)
    else { return nil }
    (writers[left], readers[right]) = (writer, reader)
    return Edge(writer, reader)
  }
}

extension EAPListing {
  /// The writers that are listed, as nodes or with an edge.
  var writers: Set<Writer> {
    Set(nodes.compactMap { Writer($0.name) }).union(names.writers.values)
  }

  /// Whether a node or an end of an edge is an MLP.
  var namesMLPs: Bool {
    writers.contains { if case .mlp = $0 { true } else { false } }
      || names.readers.values.contains { if case .mlp = $0 { true } else { false } }
  }
}
