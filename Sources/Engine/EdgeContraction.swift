package import Graphs
package import Tensors

extension PlainRun {
  /// Adds `⟨a_w − ã_w, ∂L/∂read(r)⟩` of every edge, over all tokens, to `scores`.
  ///
  /// - Parameters:
  ///   - difference: The writers' clean minus ablated values.
  ///   - gradients: The gradients at the readers.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  ///   - scores: Sums `[writers, readers]`.
  package func contract(
    _ difference: CompactWrites, with gradients: ReaderGradients, graph: ComputationGraph,
    into scores: inout Sums
  ) {
    contract(difference, with: gradients, graph: graph, segments: [[0..<batch.tokens.count]]) {
      scores.add($1)
    }
  }

  /// Hands out `⟨a_w − ã_w, ∂L/∂read(r)⟩` of every edge over each of several segments of tokens.
  ///
  /// Tokens are taken in tiles: a tile's writers and one layer's readers are expanded to full width,
  /// and one matrix product for each segment adds them up. Beyond the compact values of the runs, each thread
  /// holds the writers of one tile, 32 MiB or 8 tokens' worth where that is more, and the readers of one
  /// layer, and one matrix of scores, whatever the number of tokens.
  ///
  /// - Parameters:
  ///   - difference: The writers' clean minus ablated values.
  ///   - gradients: The gradients at the readers.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  ///   - segments: Each some ranges of tokens, all of them ascending; tokens that none has are left out.
  ///   - add: Is given the place of a segment and terms `[writers, readers]` of its sum, in order.
  package func contract(
    _ difference: CompactWrites, with gradients: ReaderGradients, graph: ComputationGraph,
    segments: [[Range<Int>]], add: (_ segment: Int, _ terms: Tensor) -> Void
  ) {
    let length = min(max(tileBudget / (graph.writerCount * graph.dModel), 8), 64)
    let tiles = Self.tiles(segments, length: length)
    orderedTerms(
      tiles.count, of: { Contraction(self, difference, gradients, graph, tiles[$0]).scores() }
    ) { tile, terms in
      for (part, term) in zip(tiles[tile].parts, terms) { add(part.segment, term) }
    }
  }

  /// Tokens that are expanded together, and the segments that they belong to.
  fileprivate struct Tile {
    let tokens: [Int32]
    /// Places among the tile's tokens.
    let parts: [(segment: Int, places: Range<Int>)]
  }

  /// Cuts the tokens that take part into tiles of so many, and each where segments end.
  private static func tiles(_ segments: [[Range<Int>]], length: Int) -> [Tile] {
    let tokens = segments.joined().flatMap { $0.map(Int32.init) }
    let ends = segments.reduce(into: [0]) { ends, ranges in
      ends.append((ends.last ?? 0) + ranges.map(\.count).reduce(0, +))
    }
    return stride(from: 0, to: tokens.count, by: length).map { start in
      let own = start..<min(start + length, tokens.count)
      let parts = segments.indices.compactMap { segment -> (segment: Int, places: Range<Int>)? in
        let part = (ends[segment]..<ends[segment + 1]).clamped(to: own)
        guard !part.isEmpty else { return nil }
        return (segment, (part.lowerBound - start)..<(part.upperBound - start))
      }
      return Tile(tokens: Array(tokens[own]), parts: parts)
    }
  }
}

/// Numbers that one thread may hold for the expanded writers of a tile: 32 MiB.
private let tileBudget = 8 << 20

/// The contraction of one tile.
private struct Contraction {
  let layers: [Layer]
  let difference: CompactWrites
  let gradients: ReaderGradients
  let graph: ComputationGraph
  let tile: PlainRun.Tile

  init(
    _ run: PlainRun, _ difference: CompactWrites, _ gradients: ReaderGradients,
    _ graph: ComputationGraph, _ tile: PlainRun.Tile
  ) {
    layers = run.layers
    self.difference = difference
    self.gradients = gradients
    self.graph = graph
    self.tile = tile
  }

  /// The scores of each part of the tile, `[writers, readers]`.
  func scores() -> [Tensor] {
    let writes = difference.expanded(tile.tokens, graph, layers).blockMatrix
    var scores = tile.parts.map { _ in Tensor(zeros: [graph.writerCount, graph.readerCount]) }
    for (layer, gradient) in gradients.layers.enumerated() {
      let mlp = graph.mlpReader(layer: layer)
      add(
        graph.headReaders(layer: layer), graph.attentionWriterCount(layer: layer),
        headReads(gradient, layer), writes, to: &scores)
      add(
        mlp..<(mlp + 1), graph.mlpWriterCount(layer: layer), gradient.mlp.pickedRows(tile.tokens),
        writes,
        to: &scores)
    }
    add(
      graph.logitsReader..<graph.readerCount, graph.writerCount,
      gradients.logits.pickedRows(tile.tokens), writes, to: &scores)
    return scores
  }

  /// Adds the products of the writers that some readers see with the gradients at those, `[reader, token, dModel]`.
  private func add(
    _ readers: Range<Int>, _ writerCount: Int, _ reads: Tensor, _ writes: Matrix,
    to scores: inout [Tensor]
  ) {
    let reads = reads.reshaped([readers.count, tile.tokens.count, graph.dModel]).blockMatrix
    for (index, part) in tile.parts.enumerated() {
      let columns =
        (part.places.lowerBound * graph.dModel)..<(part.places.upperBound * graph.dModel)
      let target = scores[index].layout.rows(0..<writerCount).columns(readers)
      scores[index].add([
        MatrixProduct(
          writes.rows(0..<writerCount).columns(columns), reads.columns(columns).transposed,
          into: target)
      ])
    }
  }

  /// The gradients at the reads of a layer's head readers, `[reader, token, dModel]`.
  private func headReads(_ gradient: ReaderGradients.Layer, _ index: Int) -> Tensor {
    let (layer, tokens) = (layers[index].attention, tile.tokens)
    let shape = [graph.headReaders(layer: index).count, tokens.count, graph.dModel]
    let target = MatrixLayout(
      offset: 0, rowCount: shape[0] * shape[1], columnCount: shape[2], stride: shape[2])
    let inputs = layer.shared(
      AttentionLayer.Inputs(
        query: gradient.heads.query.pickedRows(tokens), key: gradient.heads.key.pickedRows(tokens),
        value: gradient.heads.value.pickedRows(tokens)), by: graph.keyValueReaderCount)
    return layer.norm.backward(
      .products(shape: shape, layer.readProducts(inputs, graph, into: target)),
      x: gradient.attentionRead.pickedRows(tokens),
      statistics: gradient.attentionStatistics.pickedRows(tokens)
    )
  }
}
