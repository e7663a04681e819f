/// A connection from a writer to a reader: what the reader takes of the writer's write.
public struct Edge: Hashable, Sendable {
  /// Where the edge starts.
  public let writer: Writer
  /// Where the edge ends.
  public let reader: Reader

  /// Connects a writer to a reader; whether a graph has such an edge is the graph's to say.
  public init(_ writer: Writer, _ reader: Reader) {
    self.writer = writer
    self.reader = reader
  }
}

extension Edge: CustomStringConvertible {
  /// The name in files and tables: `a0.h3->a5.h1<q>`.
  public var description: String { "\(writer)->\(reader)" }

  /// Reads a name such as `a0.h3->a5.h1<q>`; nil when the text is no edge's name.
  public init?(_ name: some StringProtocol) {
    guard let arrow = name.firstIndex(of: "-") else { return nil }
    let rest = name[arrow...]
    guard rest.hasPrefix("->"), let writer = Writer(name[..<arrow]),
      let reader = Reader(rest.dropFirst(2))
    else { return nil }
    self.init(writer, reader)
  }
}
