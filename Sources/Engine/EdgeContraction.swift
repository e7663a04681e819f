package import Graphs
package import Tensors

extension PlainRun {
  /// Adds `⟨a_w − ã_w, ∂L/∂read(r)⟩` of every edge, over all tokens, to `scores`.
  ///
  /// Tokens are taken in tiles: a tile's writers and one layer's readers are expanded to full width,
  /// and one matrix product adds them up. Beyond the compact values of the runs, each thread holds
  /// the writers of one tile, 32 MiB or 8 tokens' worth where that is more, and the readers of one
  /// layer, and one matrix of scores, whatever the number of tokens.
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
    let tokenCount = batch.tokens.count
    let length = tileLength(graph)
    let tiles = stride(from: 0, to: tokenCount, by: length).map {
      $0..<min($0 + length, tokenCount)
    }
    orderedSum(tiles.count, into: &scores) { index in
      contract(tiles[index], difference, gradients, graph)
    }
  }

  /// Tokens of a tile: by memory, but enough for efficient products and few enough to share.
  private func tileLength(_ graph: ComputationGraph) -> Int {
    min(max(tileBudget / (graph.writerCount * graph.dModel), 8), 64)
  }

  /// The scores of one tile of tokens, `[writers, readers]`.
  private func contract(
    _ tokens: Range<Int>, _ difference: CompactWrites, _ gradients: ReaderGradients,
    _ graph: ComputationGraph
  ) -> Tensor {
    let writes = difference.expanded(tokens, by: model).blockMatrix
    var scores = Tensor(zeros: [graph.writerCount, graph.readerCount])
    let target = scores.layout
    let add = { (readers: Range<Int>, writerCount: Int, reads: Tensor) in
      let product = MatrixProduct(
        writes.rows(0..<writerCount), reads.blockMatrix.transposed,
        into: target.rows(0..<writerCount).columns(readers))
      scores.add([product])
    }
    for (layer, gradient) in gradients.layers.enumerated() {
      add(
        graph.headReaders(layer: layer), graph.attentionWriterCount(layer: layer),
        headReads(gradient, tokens, layer: layer, graph))
      let mlp = graph.mlpReader(layer: layer)
      add(
        mlp..<(mlp + 1), graph.mlpWriterCount(layer: layer),
        gradient.mlp.slice(tokens).reshaped([1, tokens.count, graph.dModel]))
    }
    add(
      graph.logitsReader..<graph.readerCount, graph.writerCount,
      gradients.logits.slice(tokens).reshaped([1, tokens.count, graph.dModel]))
    return scores
  }

  /// The gradients at the reads of a layer's head readers, `[reader, token, dModel]`.
  private func headReads(
    _ gradient: ReaderGradients.Layer, _ tokens: Range<Int>, layer: Int, _ graph: ComputationGraph
  ) -> Tensor {
    let block = model.weights.blocks[layer]
    let shape = [graph.headReaders(layer: layer).count, tokens.count, graph.dModel]
    let target = MatrixLayout(
      offset: 0, rowCount: shape[0] * shape[1], columnCount: shape[2], stride: shape[2])
    let grouped = { (gradient: Tensor) in
      gradient.slice(tokens).groupSums(
        groups: graph.keyValueReaderCount, group: graph.keyValueGroup,
        width: model.configuration.dHead)
    }
    let inputs = HeadAttention.Inputs(
      query: gradient.heads.query.slice(tokens), key: grouped(gradient.heads.key),
      value: grouped(gradient.heads.value))
    let products = model.readProducts(inputs, block.attention, graph, into: target)
    return block.attentionNorm.backward(
      .products(shape: shape, products), x: gradient.attentionRead.slice(tokens),
      statistics: gradient.attentionStatistics.slice(tokens))
  }
}

/// Numbers that one thread may hold for the expanded writers of a tile: 32 MiB.
private let tileBudget = 8 << 20

extension Transformer {
  /// The rows of a projection's matrix that a reader uses: shared ones serve several readers.
  func weightRows(reader: Int, of readerCount: Int, _ linear: Linear) -> Range<Int> {
    let sources = linear.weight.rowCount / configuration.dHead
    return headColumns(reader * sources / readerCount)
  }

  /// The products `d · W` that carry gradients of queries, keys and values to normalised reads.
  ///
  /// - Parameters:
  ///   - gradients: Each `[token, reader · dHead]`.
  ///   - attention: The layer's weights.
  ///   - graph: The graph, which says how many readers there are.
  ///   - target: A window of `[reader · token, dModel]`.
  /// - Returns: One product for each reader.
  func readProducts(
    _ gradients: HeadAttention.Inputs, _ attention: AttentionWeights, _ graph: ComputationGraph,
    into target: MatrixLayout
  ) -> [MatrixProduct] {
    let tokenCount = gradients.query.rowCount
    return graph.projections.flatMap { projection, readers in
      let linear = attention[keyPath: AttentionWeights.path(projection)]
      let gradient = gradients[projection].matrix
      return readers.enumerated().map { index, reader in
        MatrixProduct(
          gradient.columns(headColumns(index)),
          linear.weight.matrix.rows(weightRows(reader: index, of: readers.count, linear)),
          into: target.rows((reader * tokenCount)..<((reader + 1) * tokenCount)))
      }
    }
  }
}

extension ComputationGraph {
  /// The readers of each projection, counted within one layer's head readers.
  var projections: [(Reader.Projection, Range<Int>)] {
    Reader.Projection.allCases.map { ($0, headReaders(layer: 0, $0)) }
  }
}

extension HeadAttention.Inputs {
  subscript(projection: Reader.Projection) -> Tensor {
    get {
      switch projection {
      case .query: query
      case .key: key
      case .value: value
      }
    }
    // In place: a getter and a setter would copy all heads to change some.
    _modify {
      switch projection {
      case .query: yield &query
      case .key: yield &key
      case .value: yield &value
      }
    }
  }
}
