import Graphs
package import Tensors

/// What every writer wrote in one run, held compactly: heads before their output matrices.
///
/// Memory: `tokens · (dModel + layers · (heads · dHead + dModel))` numbers, where the writes
/// themselves would take `tokens · writers · dModel`.
package struct CompactWrites: Sendable {
  /// Shape `[token, dModel]`.
  package var input: Tensor
  /// For each layer, shape `[token, head · dHead]`.
  package var heads: [Tensor]
  /// For each layer, shape `[token, dModel]`.
  package var mlps: [Tensor]

  package init(input: Tensor, heads: [Tensor], mlps: [Tensor]) {
    self.input = input
    self.heads = heads
    self.mlps = mlps
  }

  /// Applies a function to every tensor.
  package func map(_ transform: (Tensor) -> Tensor) -> CompactWrites {
    CompactWrites(
      input: transform(input), heads: heads.map(transform), mlps: mlps.map(transform))
  }

  package static func - (left: CompactWrites, right: CompactWrites) -> CompactWrites {
    CompactWrites(
      input: left.input - right.input, heads: zip(left.heads, right.heads).map { $0 - $1 },
      mlps: zip(left.mlps, right.mlps).map { $0 - $1 })
  }

  /// The writes of some tokens in full, `[writer, token, dModel]`.
  func expanded(_ tokens: Range<Int>, by model: Transformer) -> Tensor {
    let graph = model.graph
    let width = tokens.count * graph.dModel
    var writes = Tensor(zeros: [graph.writerCount, tokens.count, graph.dModel])
    writes.replace(at: 0, with: input.slice(tokens))
    for (layer, mlp) in mlps.enumerated() {
      writes.replace(at: graph.mlpWriter(layer: layer) * width, with: mlp.slice(tokens))
    }
    writes.add(
      heads.enumerated().flatMap { layer, z in
        model.headWrites(z.matrix.rows(tokens), layer: layer, into: writes.layout)
      })
    return writes
  }
}

extension Transformer {
  /// Writes of nothing for some tokens.
  package func zeroWrites(tokenCount: Int) -> CompactWrites {
    let write = Tensor(zeros: [tokenCount, configuration.dModel])
    let z = Tensor(zeros: [tokenCount, configuration.headCount * configuration.dHead])
    let layers = configuration.layerCount
    return CompactWrites(
      input: write, heads: [Tensor](repeating: z, count: layers),
      mlps: [Tensor](repeating: write, count: layers))
  }

  /// The products `z · W_O` of all heads of a layer, each into its writer's block.
  ///
  /// - Parameters:
  ///   - z: `[token, head · dHead]`.
  ///   - layer: The layer.
  ///   - target: The window of a tensor `[writer, token, dModel]`.
  /// - Returns: One product for each head.
  func headWrites(_ z: Matrix, layer: Int, into target: MatrixLayout) -> [MatrixProduct] {
    let output = weights.blocks[layer].attention.output.weight.matrix
    return graph.headWriters(layer: layer).enumerated().map { head, writer in
      let columns = headColumns(head)
      return MatrixProduct(
        z.columns(columns), output.columns(columns).transposed,
        into: target.rows((writer * z.rowCount)..<((writer + 1) * z.rowCount)))
    }
  }

  /// The product `z · W_O` of one head as a tensor of its own, `[token, dModel]`.
  ///
  /// - Parameters:
  ///   - z: `[token, place · dHead]`, of all heads or of some.
  ///   - place: The head's place among those.
  ///   - head: The head.
  ///   - layer: The layer.
  /// - Returns: What the head writes.
  func headWrite(_ z: Tensor, at place: Int, head: Int, layer: Int) -> Tensor {
    let output = weights.blocks[layer].attention.output.weight.matrix
    return .product(
      z.matrix.columns(headColumns(place)), output.columns(headColumns(head)).transposed)
  }

  /// A head's columns in a tensor `[…, head · dHead]`.
  func headColumns(_ head: Int) -> Range<Int> {
    (head * configuration.dHead)..<((head + 1) * configuration.dHead)
  }
}
