// Edges as ranges: a reader sees a prefix of the writers, so a writer's readers are a suffix ------

extension ComputationGraph {
  /// How many writers, a prefix of the canonical order, the reader at an index sees.
  public func visibleWriterCount(ofReader index: Int) -> Int {
    precondition(index >= 0 && index < readerCount, "reader \(index) of \(readerCount)")
    // `logits` lies where the heads of one more layer would, and sees as much.
    let (layer, place) = index.quotientAndRemainder(dividingBy: layerReaderCount)
    return hasMLPs && place == layerReaderCount - 1
      ? mlpWriterCount(layer: layer) : attentionWriterCount(layer: layer)
  }

  /// The indices of the readers, a suffix of the canonical order, that see the writer at an index.
  public func readers(ofWriter index: Int) -> Range<Int> {
    precondition(index >= 0 && index < writerCount, "writer \(index) of \(writerCount)")
    guard index > 0 else { return 0..<readerCount }
    let (layer, place) = (index - 1).quotientAndRemainder(dividingBy: layerWriterCount)
    let own = readers(ofLayer: layer)
    let isSeenByMLP = hasMLPs && !isParallel && place < headCount
    return (isSeenByMLP ? own.upperBound - 1 : own.upperBound)..<readerCount
  }

  /// The places of a writer's edges in a matrix `[writers, readers]`: they lie one after another.
  package func edgeOffsets(ofWriter index: Int) -> Range<Int> {
    let readers = readers(ofWriter: index)
    let row = index * readerCount
    return (row + readers.lowerBound)..<(row + readers.upperBound)
  }

  /// The places of all edges in a matrix `[writers, readers]`, ascending: the canonical order.
  ///
  /// - Complexity: O(E) in the number of edges E.
  public var edgeOffsets: [Int] { (0..<writerCount).flatMap(edgeOffsets(ofWriter:)) }

  /// How many edges there are.
  public var edgeCount: Int { edgeCount(beforeReader: readerCount) }

  /// How many edges lead into the reader at an index and those after it.
  package func edgeCount(fromReader index: Int) -> Int {
    edgeCount - edgeCount(beforeReader: index)
  }

  /// How many edges lead into the readers before an index.
  private func edgeCount(beforeReader index: Int) -> Int {
    let (layers, heads) = index.quotientAndRemainder(dividingBy: layerReaderCount)
    let ownHeads = hasMLPs && !isParallel ? headCount : 0
    let earlier = layerReaderCount * layerWriterCount * (layers * (layers - 1) / 2)
    return layers * (layerReaderCount + ownHeads) + earlier
      + heads * attentionWriterCount(layer: layers)
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
}

// From readers to the writers that depend on them, and back ----------------------------------------

extension ComputationGraph {
  /// The heads that take their key, value or query from a reader, or nothing for other readers.
  package func heads(readingThrough reader: Reader) -> Range<Int> {
    guard case .head(_, let index, let projection) = reader else { return 0..<0 }
    return projection == .query
      ? index..<(index + 1) : (index * keyValueGroup)..<((index + 1) * keyValueGroup)
  }

  /// The writers whose write depends on what a reader reads: none for `logits`.
  package func writerIndices(behindReader index: Int) -> Range<Int> {
    let reader = reader(at: index)
    switch reader {
    case .logits: return writerCount..<writerCount
    case .mlp(let layer):
      return mlp(layer: layer).map { $0.writer..<($0.writer + 1) } ?? writerCount..<writerCount
    case .head(let layer, _, _):
      let first = headWriters(layer: layer).lowerBound
      let heads = heads(readingThrough: reader)
      return (first + heads.lowerBound)..<(first + heads.upperBound)
    }
  }

  /// The readers whose reads a writer's write depends on, ascending: none for `input`.
  package func readerIndices(feedingWriter index: Int) -> [Int] {
    switch writer(at: index) {
    case .input: return []
    case .mlp(let layer): return mlp(layer: layer).map { [$0.reader] } ?? []
    case .head(let layer, let head):
      return Reader.Projection.allCases.map { projection in
        headReaders(layer: layer, projection).lowerBound
          + (projection == .query ? head : head / keyValueGroup)
      }
    }
  }
}
