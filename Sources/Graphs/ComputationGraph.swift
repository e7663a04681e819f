/// The writers, readers and edges of one transformer.
///
/// Writers come in the order `input`, then per layer its heads and its MLP; readers per layer all
/// queries, all keys, all values, the MLP; `logits` last. A reader sees a prefix of the writers,
/// so an edge exists exactly when `writer < visibleWriterCount(ofReader: reader)`, both as indices,
/// and the readers of a writer are a suffix of the readers.
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
  /// Whether layers have MLPs; attention-only models have none.
  public let hasMLPs: Bool
  /// How the heads of a layer depend on each other beside edges.
  public let headCoupling: HeadCoupling
  /// The width of the residual stream, which circuit files state.
  public let dModel: Int

  /// Describes a graph.
  ///
  /// - Parameters:
  ///   - layerCount: At least 1.
  ///   - headCount: Heads per layer, at least 1.
  ///   - keyValueReaderCount: Key readers per layer; nil for one for each head.
  ///   - isParallel: Whether an MLP does not read its own layer's heads.
  ///   - hasMLPs: Whether layers have MLPs.
  ///   - headCoupling: How the heads of a layer depend on each other beside edges.
  ///   - dModel: The width of the residual stream.
  public init(
    layerCount: Int, headCount: Int, keyValueReaderCount: Int? = nil, isParallel: Bool = false,
    hasMLPs: Bool = true, headCoupling: HeadCoupling = .none, dModel: Int
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
    self.hasMLPs = hasMLPs
    self.headCoupling = headCoupling
    self.dModel = dModel
  }

  /// How many writers there are: `1 + layers · (heads + 1)`, or `1 + layers · heads` without MLPs.
  public var writerCount: Int { attentionWriterCount(layer: layerCount) }
  /// How many readers there are: `layers · (heads + 2 · key readers + 1) + 1`, one less per layer without MLPs.
  public var readerCount: Int { layerCount * layerReaderCount + 1 }

  private var mlpCount: Int { hasMLPs ? 1 : 0 }
  /// How many writers each layer has.
  package var layerWriterCount: Int { headCount + mlpCount }
  /// How many readers each layer has.
  package var layerReaderCount: Int { headCount + 2 * keyValueReaderCount + mlpCount }

  /// Consecutive heads that share a key reader.
  package var keyValueGroup: Int { headCount / keyValueReaderCount }
  /// The writers that a layer's heads see: `0..<count`.
  package func attentionWriterCount(layer: Int) -> Int { 1 + layer * layerWriterCount }
  /// The writers that a layer's MLP sees: `0..<count`.
  package func mlpWriterCount(layer: Int) -> Int {
    attentionWriterCount(layer: layer) + (isParallel ? 0 : headCount)
  }
  /// The indices of a layer's head writers.
  package func headWriters(layer: Int) -> Range<Int> {
    let first = attentionWriterCount(layer: layer)
    return first..<(first + headCount)
  }
  /// The indices of a layer's MLP as a writer and as a reader; nil in attention-only models.
  package func mlp(layer: Int) -> (writer: Int, reader: Int)? {
    guard hasMLPs else { return nil }
    return (headWriters(layer: layer).upperBound, headReaders(layer: layer).upperBound)
  }
  /// The indices of a layer's readers of one projection.
  package func headReaders(layer: Int, _ projection: Reader.Projection) -> Range<Int> {
    let first = layer * layerReaderCount
    switch projection {
    case .query: return first..<(first + headCount)
    case .key: return (first + headCount)..<(first + headCount + keyValueReaderCount)
    case .value:
      return (first + headCount + keyValueReaderCount)..<headReaders(layer: layer).upperBound
    }
  }
  /// The indices of all of a layer's head readers: queries, keys, values.
  package func headReaders(layer: Int) -> Range<Int> {
    (layer * layerReaderCount)..<((layer + 1) * layerReaderCount - mlpCount)
  }
  /// The indices of all of a layer's readers: its heads' and its MLP.
  package func readers(ofLayer layer: Int) -> Range<Int> {
    (layer * layerReaderCount)..<((layer + 1) * layerReaderCount)
  }
  /// The layer of a reader; the number of layers for `logits`.
  package func layer(ofReader index: Int) -> Int { index / layerReaderCount }
  /// The index of the last reader.
  package var logitsReader: Int { readerCount - 1 }
}

// Nodes by index -----------------------------------------------------------------------------

extension ComputationGraph {
  /// All writers in canonical order.
  public var writers: [Writer] { (0..<writerCount).map(writer(at:)) }
  /// All readers in canonical order.
  public var readers: [Reader] { (0..<readerCount).map(reader(at:)) }

  /// The writer at an index of the canonical order.
  public func writer(at index: Int) -> Writer {
    precondition(index >= 0 && index < writerCount, "writer \(index) of \(writerCount)")
    guard index > 0 else { return .input }
    let (layer, offset) = (index - 1).quotientAndRemainder(dividingBy: layerWriterCount)
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
      return (0..<layerCount).contains(layer) ? mlp(layer: layer)?.writer : nil
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
      return (0..<layerCount).contains(layer) ? mlp(layer: layer)?.reader : nil
    case .logits: return logitsReader
    }
  }
}
