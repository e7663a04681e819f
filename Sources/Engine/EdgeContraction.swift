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
    let rows = segments.joined().flatMap { $0.map(Int32.init) }
    // Tokens that take part are brought together, so that tiles are full.
    let isWhole = rows.count == batch.tokens.count
    let writes = isWhole ? difference : difference.map { $0.gatherRows(rows) }
    let gradients = isWhole ? gradients : gradients.gathered(rows)
    let length = min(max(tileBudget / (graph.writerCount * graph.dModel), 8), 64)
    let tiles = Self.tiles(segments.map { $0.map(\.count).reduce(0, +) }, length: length)
    orderedTerms(
      tiles.count, of: { Contraction(self, writes, gradients, graph, tiles[$0]).scores() }
    ) { tile, terms in
      for (part, term) in zip(tiles[tile].parts, terms) { add(part.segment, term) }
    }
  }

  /// Consecutive tokens that are expanded together, and the segments that they belong to.
  fileprivate struct Tile {
    let tokens: Range<Int>
    let parts: [(segment: Int, tokens: Range<Int>)]
  }

  /// Cuts tokens into tiles of so many, and those where segments of some lengths end.
  private static func tiles(_ lengths: [Int], length: Int) -> [Tile] {
    let ends = lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    let count = ends.last ?? 0
    return stride(from: 0, to: count, by: length).map { start in
      let tokens = start..<min(start + length, count)
      let parts = lengths.indices.compactMap { segment -> (segment: Int, tokens: Range<Int>)? in
        let part = (ends[segment]..<ends[segment + 1]).clamped(to: tokens)
        return part.isEmpty ? nil : (segment, part)
      }
      return Tile(tokens: tokens, parts: parts)
    }
  }
}

extension ReaderGradients {
  /// The gradients at some tokens.
  fileprivate func gathered(_ rows: [Int32]) -> ReaderGradients {
    ReaderGradients(
      layers: layers.map { layer in
        Layer(
          heads: AttentionLayer.Inputs(
            query: layer.heads.query.gatherRows(rows), key: layer.heads.key.gatherRows(rows),
            value: layer.heads.value.gatherRows(rows)),
          attentionRead: layer.attentionRead.gatherRows(rows),
          attentionStatistics: layer.attentionStatistics.gatherRows(rows),
          mlp: layer.mlp.gatherRows(rows), mlpWrite: layer.mlpWrite.gatherRows(rows))
      }, logits: logits.gatherRows(rows))
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
        mlp..<(mlp + 1), graph.mlpWriterCount(layer: layer), gradient.mlp.slice(tile.tokens),
        writes,
        to: &scores)
    }
    add(
      graph.logitsReader..<graph.readerCount, graph.writerCount,
      gradients.logits.slice(tile.tokens), writes, to: &scores)
    return scores
  }

  /// Adds the products of the writers that some readers see with the gradients at those, `[reader, token, dModel]`.
  private func add(
    _ readers: Range<Int>, _ writerCount: Int, _ reads: Tensor, _ writes: Matrix,
    to scores: inout [Tensor]
  ) {
    let reads = reads.reshaped([readers.count, tile.tokens.count, graph.dModel]).blockMatrix
    for (index, part) in tile.parts.enumerated() {
      let first = (part.tokens.lowerBound - tile.tokens.lowerBound) * graph.dModel
      let columns = first..<(first + part.tokens.count * graph.dModel)
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
        query: gradient.heads.query.slice(tokens), key: gradient.heads.key.slice(tokens),
        value: gradient.heads.value.slice(tokens)), by: graph.keyValueReaderCount)
    return layer.norm.backward(
      .products(shape: shape, layer.readProducts(inputs, graph, into: target)),
      x: gradient.attentionRead.slice(tokens),
      statistics: gradient.attentionStatistics.slice(tokens)
    )
  }
}
