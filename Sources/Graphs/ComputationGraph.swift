/// The writers, readers and edges of one transformer.
///
/// Writers come in the order `input`, then per layer its heads and its MLP; readers per layer all
/// queries, all keys, all values, the MLP; `logits` last. A reader sees a prefix of the writers,
/// so an edge exists exactly when `writer < visibleWriterCount(of: reader)`, both as indices.
public struct ComputationGraph: Hashable, Sendable {
  /// How many layers there are.
  public let layerCount: Int
  /// How many attention heads each layer has.
  public let headCount: Int
  /// How many key readers, and as many value readers, each layer has.
  ///
  /// As many as heads, or as many as key/value heads when the graph groups them.
  public let keyValueReaderCount: Int
  /// Whether an MLP reads the same residual stream as its layer's heads (GPT-NeoX).
  public let isParallel: Bool
  /// The width of the residual stream, which circuit files state.
  public let dModel: Int

  /// Describes a graph.
  ///
  /// - Parameters:
  ///   - layerCount: At least 1.
  ///   - headCount: Heads per layer, at least 1.
  ///   - keyValueReaderCount: Key readers per layer; nil for one for each head.
  ///   - isParallel: Whether an MLP does not read its own layer's heads.
  ///   - dModel: The width of the residual stream.
  public init(
    layerCount: Int, headCount: Int, keyValueReaderCount: Int? = nil, isParallel: Bool = false,
    dModel: Int
  ) {
    let keyValueReaderCount = keyValueReaderCount ?? headCount
    precondition(
      layerCount > 0 && headCount > 0 && keyValueReaderCount > 0
        && headCount % keyValueReaderCount == 0,
      "\(layerCount) layers, \(headCount) heads, \(keyValueReaderCount) key readers")
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueReaderCount = keyValueReaderCount
    self.isParallel = isParallel
    self.dModel = dModel
  }

  /// How many writers there are: `1 + layers · (heads + 1)`.
  public var writerCount: Int { 1 + layerCount * (headCount + 1) }
  /// How many readers there are: `layers · (heads + 2 · key readers + 1) + 1`.
  public var readerCount: Int { layerCount * layerReaderCount + 1 }
  /// How many edges there are; O(layers).
  public var edgeCount: Int {
    (0..<layerCount).reduce(writerCount) { count, layer in
      count + (layerReaderCount - 1) * attentionWriterCount(layer: layer)
        + mlpWriterCount(layer: layer)
    }
  }

  private var layerReaderCount: Int { headCount + 2 * keyValueReaderCount + 1 }

  /// Consecutive heads that share a key reader.
  package var keyValueGroup: Int { headCount / keyValueReaderCount }
  /// The writers that a layer's heads see: `0..<count`.
  package func attentionWriterCount(layer: Int) -> Int { 1 + layer * (headCount + 1) }
  /// The writers that a layer's MLP sees: `0..<count`.
  package func mlpWriterCount(layer: Int) -> Int {
    attentionWriterCount(layer: layer) + (isParallel ? 0 : headCount)
  }
  /// The indices of a layer's head writers.
  package func headWriters(layer: Int) -> Range<Int> {
    let first = attentionWriterCount(layer: layer)
    return first..<(first + headCount)
  }
  /// The index of a layer's MLP writer.
  package func mlpWriter(layer: Int) -> Int { headWriters(layer: layer).upperBound }
  /// The indices of a layer's readers of one projection.
  package func headReaders(layer: Int, _ projection: Reader.Projection) -> Range<Int> {
    let first = layer * layerReaderCount
    switch projection {
    case .query: return first..<(first + headCount)
    case .key: return (first + headCount)..<(first + headCount + keyValueReaderCount)
    case .value: return (first + headCount + keyValueReaderCount)..<(first + layerReaderCount - 1)
    }
  }
  /// The indices of all of a layer's head readers: queries, keys, values.
  package func headReaders(layer: Int) -> Range<Int> {
    (layer * layerReaderCount)..<((layer + 1) * layerReaderCount - 1)
  }
  /// The index of a layer's MLP reader.
  package func mlpReader(layer: Int) -> Int { (layer + 1) * layerReaderCount - 1 }
  /// The layer of a reader; the number of layers for `logits`.
  package func layer(ofReader index: Int) -> Int { index / layerReaderCount }
  /// The index of the last reader.
  package var logitsReader: Int { readerCount - 1 }
}

// Nodes and edges by index -------------------------------------------------------------------

extension ComputationGraph {
  /// All writers in canonical order.
  public var writers: [Writer] { (0..<writerCount).map(writer(at:)) }
  /// All readers in canonical order.
  public var readers: [Reader] { (0..<readerCount).map(reader(at:)) }

  /// The writer at an index of the canonical order.
  public func writer(at index: Int) -> Writer {
    precondition(index >= 0 && index < writerCount, "writer \(index) of \(writerCount)")
    guard index > 0 else { return .input }
    let (layer, offset) = (index - 1).quotientAndRemainder(dividingBy: headCount + 1)
    return offset == headCount ? .mlp(layer: layer) : .head(layer: layer, index: offset)
  }

  /// The reader at an index of the canonical order.
  public func reader(at index: Int) -> Reader {
    precondition(index >= 0 && index < readerCount, "reader \(index) of \(readerCount)")
    guard index < logitsReader else { return .logits }
    let layer = index / layerReaderCount
    for projection in Reader.Projection.allCases {
      let range = headReaders(layer: layer, projection)
      guard range.contains(index) else { continue }
      return .head(layer: layer, index: index - range.lowerBound, projection: projection)
    }
    return .mlp(layer: layer)
  }

  /// The index of a writer; nil when this graph has no such writer.
  public func index(of writer: Writer) -> Int? {
    switch writer {
    case .input: return 0
    case .head(let layer, let index):
      guard (0..<layerCount).contains(layer), (0..<headCount).contains(index) else { return nil }
      return headWriters(layer: layer).lowerBound + index
    case .mlp(let layer):
      return (0..<layerCount).contains(layer) ? mlpWriter(layer: layer) : nil
    }
  }

  /// The index of a reader; nil when this graph has no such reader.
  public func index(of reader: Reader) -> Int? {
    switch reader {
    case .head(let layer, let index, let projection):
      guard (0..<layerCount).contains(layer) else { return nil }
      let range = headReaders(layer: layer, projection)
      return (0..<range.count).contains(index) ? range.lowerBound + index : nil
    case .mlp(let layer):
      return (0..<layerCount).contains(layer) ? mlpReader(layer: layer) : nil
    case .logits: return logitsReader
    }
  }

  /// How many writers, a prefix of the canonical order, the reader at an index sees.
  public func visibleWriterCount(ofReader index: Int) -> Int {
    precondition(index >= 0 && index < readerCount, "reader \(index) of \(readerCount)")
    guard index < logitsReader else { return writerCount }
    let layer = index / layerReaderCount
    return index == mlpReader(layer: layer)
      ? mlpWriterCount(layer: layer) : attentionWriterCount(layer: layer)
  }

  /// Whether this graph has the edge.
  public func contains(_ edge: Edge) -> Bool { offset(of: edge) != nil }

  /// The edge's place in a matrix `[writers, readers]`; nil when this graph has no such edge.
  public func offset(of edge: Edge) -> Int? {
    guard let writer = index(of: edge.writer), let reader = index(of: edge.reader),
      writer < visibleWriterCount(ofReader: reader)
    else { return nil }
    return writer * readerCount + reader
  }

  /// The edge at a place of a matrix `[writers, readers]`.
  public func edge(at offset: Int) -> Edge {
    Edge(writer(at: offset / readerCount), reader(at: offset % readerCount))
  }

  /// The places of all edges in a matrix `[writers, readers]`, ascending: the canonical order.
  public var edgeOffsets: [Int] {
    let visible = (0..<readerCount).map(visibleWriterCount(ofReader:))
    return (0..<writerCount).flatMap { writer in
      (0..<readerCount).filter { writer < visible[$0] }.map { writer * readerCount + $0 }
    }
  }

  /// The heads that take their key, value or query from a reader, or nothing for other readers.
  package func heads(readingThrough reader: Reader) -> Range<Int> {
    guard case .head(_, let index, let projection) = reader else { return 0..<0 }
    return projection == .query
      ? index..<(index + 1) : (index * keyValueGroup)..<((index + 1) * keyValueGroup)
  }
}
