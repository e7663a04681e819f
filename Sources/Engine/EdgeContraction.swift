package import Graphs
package import Tensors

extension PlainRun {
  /// Adds `⟨a_w − ã_w, ∂L/∂read(r)⟩` of every edge, over all tokens, to `scores`.
  ///
  /// - Parameters:
  ///   - difference: The writers' clean minus ablated values.
  ///   - gradients: The gradients at the readers.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  ///   - scores: Sums `[writers, readers]`, which mean nothing where there is no edge.
  package func contract(
    _ difference: CompactWrites, with gradients: ReaderGradients, graph: ComputationGraph,
    into scores: inout Sums
  ) {
    contract(difference, with: [gradients], graph: graph, segments: [[0..<batch.tokens.count]]) {
      scores.add($1)
    }
  }

  /// Hands out `Σ ⟨a_w − ã_w, ∂L/∂read(r)⟩` of every edge over each of several segments of tokens, the sum going over
  /// several runs of the same tokens.
  ///
  /// Tokens are taken in tiles: a tile's writers and some layers' readers are expanded to full width,
  /// and matrix products for each segment add them up. Beyond the compact values of the runs, each thread
  /// holds the writers of one tile (16 MiB on a processor, or 8 tokens' worth where that is more), as much
  /// for the readers of some layers, and one matrix of scores, whatever the number of tokens.
  ///
  /// - Parameters:
  ///   - difference: The writers' clean minus ablated values.
  ///   - gradients: The gradients at the readers in each of the runs.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  ///   - segments: Each some ranges of tokens, in any order; tokens that none has are left out.
  ///   - add: Is given the place of a segment and terms `[writers, readers]` of its sum, in order; where there is no
  ///     edge, they mean nothing.
  package func contract(
    _ difference: CompactWrites, with gradients: [ReaderGradients], graph: ComputationGraph,
    segments: [[Range<Int>]], add: (_ segment: Int, _ terms: Tensor) -> Void
  ) {
    let device = model.device
    let length = min(
      max(device.tileNumbers / (graph.writerCount * graph.dModel), 8), 64 * device.roominess)
    let tiles = Self.tiles(segments, length: length)
    orderedTerms(
      tiles.count, on: device,
      of: { Contraction(self, difference, gradients, graph, tiles[$0]).scores() }
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

/// The contraction of one tile.
private struct Contraction {
  let layers: [Layer]
  let difference: CompactWrites
  let gradients: [ReaderGradients]
  let graph: ComputationGraph
  let tile: PlainRun.Tile
  private var device: Device { difference.input.device }

  init(
    _ run: PlainRun, _ difference: CompactWrites, _ gradients: [ReaderGradients],
    _ graph: ComputationGraph, _ tile: PlainRun.Tile
  ) {
    layers = run.layers
    self.difference = difference
    self.gradients = gradients
    self.graph = graph
    self.tile = tile
  }

  /// The scores of each part of the tile, `[writers, readers]`.
  ///
  /// Layers are taken in groups whose readers together are as large as the writers: what all of them see is one
  /// product, which goes through the writers once for the whole group.
  func scores() -> [Tensor] {
    let own = gradients[0].first..<(gradients[0].first + gradients[0].layers.count)
    let writes = difference.expanded(
      tile.tokens, graph, layers, upTo: gradients[0].hasLogits ? layers.count : own.upperBound
    ).blockMatrix
    var scores = tile.parts.map { _ in
      Tensor(zeros: [graph.writerCount, graph.readerCount], on: device)
    }
    let layerReaders = graph.readers(ofLayer: 0).count
    let size = min(max(graph.writerCount / layerReaders, 1), layers.count)
    var reads = Tensor(
      unwritten: [size * layerReaders, tile.tokens.count, graph.dModel], on: device)
    for first in stride(from: own.lowerBound, to: own.upperBound, by: size) {
      let group = first..<min(first + size, own.upperBound)
      for layer in group {
        let place = (layer - first) * layerReaders
        read(layer, gradients[0], to: &reads, at: place)
        for gradient in gradients.dropFirst() {
          // Further runs' gradients are expanded by themselves: a norm's backward is of one run.
          var further = Tensor(
            unwritten: [layerReaders, tile.tokens.count, graph.dModel], on: device)
          read(layer, gradient, to: &further, at: 0)
          reads.add(further, at: place * tile.tokens.count * graph.dModel)
        }
      }
      add(blocks(of: group), reads.blockMatrix, writes, to: &scores)
    }
    guard gradients[0].hasLogits else { return scores }
    var logits = gradients[0].logits.pickedRows(tile.tokens)
    for gradient in gradients.dropFirst() { logits.add(gradient.logits.pickedRows(tile.tokens)) }
    add(
      [Block(readers: graph.logitsReader..<graph.readerCount, writers: 0..<graph.writerCount)],
      logits.reshaped([1] + reads.shape.dropFirst()).blockMatrix, writes, to: &scores)
    return scores
  }

  /// Readers, and writers that all of them see.
  private struct Block {
    let readers: Range<Int>
    let writers: Range<Int>
  }

  /// All edges into the readers of some layers as blocks: first those from the writers that all of them see; or one
  /// block with places that have no edge.
  private func blocks(of group: Range<Int>) -> [Block] {
    let readers = graph.readers(ofLayer: group.lowerBound).lowerBound
    if device.prefersFewProducts {
      return [
        Block(
          readers: readers..<graph.readers(ofLayer: group.upperBound - 1).upperBound,
          writers: 0..<graph.mlpWriterCount(layer: group.upperBound - 1))
      ]
    }
    let common = graph.attentionWriterCount(layer: group.lowerBound)
    let whole = Block(
      readers: readers..<graph.readers(ofLayer: group.upperBound - 1).upperBound,
      writers: 0..<common)
    let own = group.flatMap { layer in
      let heads = Block(
        readers: graph.headReaders(layer: layer),
        writers: common..<graph.attentionWriterCount(layer: layer))
      let mlp = graph.mlp(layer: layer).map {
        Block(
          readers: $0.reader..<($0.reader + 1),
          writers: common..<graph.mlpWriterCount(layer: layer))
      }
      return [heads, mlp].compactMap(\.self)
    }
    return [whole] + own.filter { !$0.writers.isEmpty }
  }

  /// Adds the products of writers with the gradients at readers, `[reader, token · dModel]` from the first block's on.
  private func add(
    _ blocks: [Block], _ reads: Matrix, _ writes: Matrix, to scores: inout [Tensor]
  ) {
    let first = blocks[0].readers.lowerBound
    for (index, part) in tile.parts.enumerated() {
      let columns =
        (part.places.lowerBound * graph.dModel)..<(part.places.upperBound * graph.dModel)
      let target = scores[index].layout
      scores[index].add(
        blocks.map { block in
          let rows = (block.readers.lowerBound - first)..<(block.readers.upperBound - first)
          return MatrixProduct(
            writes.rows(block.writers).columns(columns),
            reads.rows(rows).columns(columns).transposed,
            into: target.rows(block.writers).columns(block.readers))
        })
    }
  }

  /// Writes one run's gradients at the reads of a layer's readers over some of `reads`, `[reader, token, dModel]`.
  private func read(
    _ index: Int, _ gradients: ReaderGradients, to reads: inout Tensor, at place: Int
  ) {
    let gradient = gradients.layers[index - gradients.first]
    let (layer, tokens) = (layers[index].attention, tile.tokens)
    let heads = place..<(place + graph.headReaders(layer: index).count)
    let inputs = layer.shared(
      AttentionLayer.Inputs(
        query: gradient.heads.query.pickedRows(tokens), key: gradient.heads.key.pickedRows(tokens),
        value: gradient.heads.value.pickedRows(tokens)), by: graph.keyValueReaderCount)
    let rows = (heads.lowerBound * tokens.count)..<(heads.upperBound * tokens.count)
    reads.replace(layer.readProducts(inputs, graph, into: reads.layout.rows(rows)))
    layer.norm.backward(
      inBlocks: heads, of: &reads, x: gradient.attentionRead.pickedRows(tokens),
      statistics: gradient.attentionStatistics.pickedRows(tokens))
    guard graph.hasMLPs else { return }
    reads.replace(
      at: rows.upperBound * graph.dModel, with: gradient.mlp.pickedRows(tokens))
  }
}
